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

from thunder.embedded.role_process import PRODUCT

pytestmark = pytest.mark.everything  # installs the product once more, and runs the unit tests there

TOP = Path(__file__).parents[3]
PACKAGES = {"common", "ingest", "serve", "thunder"}

USE_OF_THE_CLIENT = """
import asyncio
from thunder_client import AsyncThunderClient, LightPost, ThunderClient
from thunder_client.fake_server import FakeServer

async def ask(target):
    async with AsyncThunderClient(target) as client:
        return [len(page.posts) async for page in client.pages(following=[2], max_results=2)]

with FakeServer(LightPost(post_id=number, author_id=2, created_at=number) for number in (1, 2, 3)) as server:
    with ThunderClient(server.target) as client:
        assert [len(page.posts) for page in client.pages(following=[2], max_results=2)] == [2, 1]
    assert asyncio.run(ask(server.target)) == [2, 1]
"""

ABOUT_THE_CHECKOUT = ("--ignore-glob=tests/unit/test_*.py", "--ignore=tests/unit/mutation")


def output_of(*command: str | Path, cwd: Path = TOP, **variables: str) -> str:
    """Return what the command prints, outside of the environment of this run; fail with all of it."""
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"} | variables
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
def wheels(uv: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with those of the server and of its client."""
    folder = tmp_path_factory.mktemp("wheel")
    output_of(uv, "build", "--quiet", "--all-packages", "--wheel", "--out-dir", folder, THUNDER_BUILD_NATIVE="required")
    return folder


@pytest.fixture(scope="module")
def wheel(wheels: Path) -> Path:
    (wheel,) = wheels.glob("thunder_redis-*.whl")
    return wheel


@pytest.fixture(scope="module")
def client_wheel(wheels: Path) -> Path:
    (wheel,) = wheels.glob("thunder_client-*.whl")
    return wheel


@pytest.fixture(scope="module")
def environment(uv: str, wheel: Path, client_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of the environment."""
    folder = tmp_path_factory.mktemp("environment")
    output_of(uv, "venv", "--quiet", folder / "venv")
    programs = folder / "venv" / "bin"
    install = (uv, "pip", "install", "--quiet", "--python", programs / "python")
    output_of(*install, "--require-hashes", "--requirement", "requirements.txt")
    output_of(*install, "--no-deps", client_wheel, wheel)
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
        ("native", ".so"),
        ("bench", ".json"),
    }
    assert not wheel.name.endswith("-none-any.whl"), "it holds what was compiled for this platform"
    modules = {tuple(name.split(".")[0].split("/")) for name in names if name.endswith(".so")}
    assert modules == {("serve", "native", "read_core"), ("ingest", "native", "decoder")}


def test_the_wheel_of_the_client_is_typed_and_brings_its_service_config(client_wheel: Path) -> None:
    names = {name for name in ZipFile(client_wheel).namelist() if ".dist-info/" not in name}
    assert {name.partition("/")[0] for name in names} == {"thunder_client"}
    files = {"py.typed", "service_config.json", "messages.pyi", "status_details.pyi"}
    assert {name for name in names if not name.endswith(".py")} == {f"thunder_client/{file}" for file in files}


def test_the_client_runs_on_the_oldest_versions_that_it_admits(
    uv: str, client_wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Its own wheel and the tools of its tests alone: nothing of the server is there."""
    folder = tmp_path_factory.mktemp("oldest")
    output_of(uv, "venv", "--quiet", "--python", "3.11", folder)
    install = (uv, "pip", "install", "--quiet", "--python", folder / "bin" / "python")
    output_of(*install, "--resolution", "lowest", client_wheel)
    output_of(*install, "pytest", "pytest-timeout")
    pure = [f"tests/unit/thunder_client/test_{name}.py" for name in ("query", "timeline", "paging", "refreshing")]
    options = ("-q", "--noconftest", "-p", "no:cacheprovider")
    output_of(folder / "bin" / "python", "-m", "pytest", *options, *pure)
    output_of(folder / "bin" / "python", "-c", USE_OF_THE_CLIENT)


def test_the_unit_tests_pass_on_the_installed_wheel(environment: Path, checkout_without_packages: Path) -> None:
    options = ("-q", "-p", "no:cacheprovider", *ABOUT_THE_CHECKOUT)
    output_of(environment / "python", "-m", "pytest", *options, "tests/unit", cwd=checkout_without_packages)


def test_the_demo_answers_from_the_installed_wheel(environment: Path, tmp_path: Path) -> None:
    answer = json.loads(output_of(environment / "thunder", "demo", "--once", "--json", cwd=tmp_path))
    assert answer["posts"]


@pytest.fixture(scope="module")
def wheel_without_a_compiler(uv: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pure")
    output_of(uv, "build", "--quiet", "--wheel", "--out-dir", folder, CC="/bin/false")
    (wheel,) = folder.glob("thunder_redis-*.whl")
    return wheel


def test_a_wheel_without_a_compiler_works_in_python(
    uv: str, wheel_without_a_compiler: Path, environment: Path, tmp_path: Path
) -> None:
    assert wheel_without_a_compiler.name.endswith("-py3-none-any.whl")
    product = tmp_path / "product"
    output_of(uv, "pip", "install", "--quiet", "--no-deps", "--target", product, wheel_without_a_compiler)

    def thunder(*arguments: str) -> str:
        return output_of(environment / "python", "-c", PRODUCT, *arguments, cwd=tmp_path, PYTHONPATH=str(product))

    assert "(read core: python, decoder: python)" in thunder("--version")
    assert json.loads(thunder("demo", "--once", "--json"))["posts"]


def test_the_build_says_why_nothing_is_native(uv: str, tmp_path: Path) -> None:
    environment = os.environ | {"CC": "/bin/false", "THUNDER_BUILD_NATIVE": "required"}
    command = (uv, "build", "--wheel", "--out-dir", tmp_path)
    done = subprocess.run(command, cwd=TOP, env=environment, text=True, capture_output=True, check=False, timeout=240)
    assert done.returncode != 0
    assert "NotCompiled" in done.stderr
    assert "false: exit code 1" in done.stderr


def pinned_test_tools() -> list[str]:
    unit = tomllib.loads((TOP / "pyproject.toml").read_text())["dependency-groups"]["unit"]
    return [line for line in unit if Requirement(line).name != "thunder-redis"]
