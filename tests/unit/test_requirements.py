"""requirements.txt pins what pyproject.toml asks for, for images and for whoever installs without uv."""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement

TOP = Path(__file__).parents[2]
LOCKED = (TOP / "requirements.txt").read_text()


def pins(lines: list[str]) -> dict[str, str]:
    requirements = [Requirement(line) for line in lines]
    return {requirement.name: str(requirement.specifier) for requirement in requirements}


def test_the_locked_versions_are_those_of_the_project() -> None:
    wanted = pins(tomllib.loads((TOP / "pyproject.toml").read_text())["project"]["dependencies"])
    locked = pins([line.removesuffix("\\") for line in LOCKED.splitlines() if line[0].isalnum()])
    assert {name: locked.get(name) for name in wanted} == wanted


def test_the_lock_names_no_host() -> None:
    assert "://" not in LOCKED
