"""The wheel, installed in an empty environment beside the locked requirements, is the whole product."""

import json
import os
import shutil
import subprocess
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

pytestmark = pytest.mark.everything  # installs the product once more, and runs the unit tests there

TOP = Path(__file__).parents[3]
PACKAGES = {"common", "ingest", "serve", "thunder"}

ABOUT_THE_CHECKOUT = "--ignore-glob=tests/unit/test_*.py"


def output_of(*command: str | Path, cwd: Path = TOP) -> str:
    """Return what the command prints, outside of the environment of this run; fail with all of it."""
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(command, cwd=cwd, env=environment, timeout=240, text=True, capture_output=True, check=False)
    assert done.returncode == 0, f"{command}: exit code {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def uv() -> str:
    found = os.environ.get("UV") or shutil.which("uv")
    if found is None:
        pytest.skip("uv is not on PATH")
    return found


@pytest.fixture(scope="module")
def wheel(uv: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    output_of(uv, "build", "--quiet", "--wheel", "--out-dir", folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def environment(uv: str, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of the environment."""
    folder = tmp_path_factory.mktemp("environment")
    output_of(uv, "venv", "--quiet", folder / "venv")
    programs = folder / "venv" / "bin"
    install = (uv, "pip", "install", "--quiet", "--python", programs / "python")
    output_of(*install, "--require-hashes", "--requirement", "requirements.txt")
    output_of(*install, "--no-deps", wheel)
    output_of(*install, f"{wheel}[demo]", *pinned_test_tools())
    return programs


@pytest.fixture
def checkout_without_packages(tmp_path: Path) -> Path:
    for entry in TOP.iterdir():
        if entry.name in PACKAGES or (entry.name.startswith(".") and entry.name != ".ci"):
            continue
        if entry.is_dir():
            shutil.copytree(entry, tmp_path / entry.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(entry, tmp_path)
    return tmp_path


def test_the_wheel_holds_what_commands_need(wheel: Path) -> None:
    """Each module of these packages serves a command: tests/unit/test_rooms.py."""
    names = [name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name]
    assert {name.partition("/")[0] for name in names} == PACKAGES
    kinds = {(name.split("/")[1], Path(name).suffix) for name in names if not name.endswith((".py", ".pyi"))}
    assert kinds == {
        *(("_data", suffix) for suffix in (".lua", ".proto", ".thrift")),
        *(("page", suffix) for suffix in (".css", ".html", ".js", ".svg")),
    }


def test_the_unit_tests_pass_on_the_installed_wheel(environment: Path, checkout_without_packages: Path) -> None:
    options = ("-q", "-p", "no:cacheprovider", ABOUT_THE_CHECKOUT)
    output_of(environment / "python", "-m", "pytest", *options, "tests/unit", cwd=checkout_without_packages)


def test_the_demo_answers_from_the_installed_wheel(environment: Path, tmp_path: Path) -> None:
    answer = json.loads(output_of(environment / "thunder", "demo", "--once", "--json", cwd=tmp_path))
    assert answer["posts"]


def pinned_test_tools() -> list[str]:
    unit = tomllib.loads((TOP / "pyproject.toml").read_text())["dependency-groups"]["unit"]
    return [line for line in unit if Requirement(line).name != "thunder-redis"]
