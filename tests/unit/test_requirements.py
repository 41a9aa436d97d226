"""Lock files pin what pyproject.toml asks for, for images and for installations without uv."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

TOP = Path(__file__).parents[2]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())
WANTED = {
    "requirements.txt": PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["otel"],
    ".ci/requirements-build.txt": PROJECT["dependency-groups"]["image"],
}


def pins(lines: list[str]) -> dict[str, str]:
    requirements = [Requirement(line) for line in lines]
    return {requirement.name: str(requirement.specifier) for requirement in requirements}


@pytest.mark.parametrize("file", WANTED)
def test_the_locked_versions_are_those_of_the_project(file: str) -> None:
    wanted = pins(WANTED[file])
    lines = (TOP / file).read_text().splitlines()
    locked = pins([line.removesuffix("\\") for line in lines if line[0].isalnum()])
    assert {name: locked.get(name) for name in wanted} == wanted


@pytest.mark.parametrize("file", WANTED)
def test_the_lock_names_no_host(file: str) -> None:
    assert "://" not in (TOP / file).read_text()
