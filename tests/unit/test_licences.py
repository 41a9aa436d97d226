"""docs/licences.md lists the locked packages with the licences that they declare, and all of these are permissive."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "licences.md").read_text()
PINS = [
    Requirement(line.removesuffix("\\"))
    for line in (TOP / "requirements.txt").read_text().splitlines()
    if line[:1].isalnum()
]
PERMISSIVE = {
    "3-Clause BSD License",
    "Apache Software License",
    "Apache-2.0",
    "BSD",
    "BSD License",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT License",
    "PSF-2.0",
}


@pytest.fixture(scope="module")
def documented() -> dict[str, tuple[str, str]]:
    """Version and licence by package, in the table of the page."""
    rows = re.findall(r"(?m)^\| ([\w.-]+) \| (\d\S*) \| (.+) \|$", PAGE)
    return {name: (version, licence) for name, version, licence in rows}


def test_page_lists_the_locked_versions(documented: dict[str, tuple[str, str]]) -> None:
    locked = {pin.name: str(pin.specifier).removeprefix("==") for pin in PINS}
    assert {name: version for name, (version, _) in documented.items()} == locked


def test_page_lists_the_declared_licences(documented: dict[str, tuple[str, str]]) -> None:
    needed = [pin.name for pin in PINS if pin.marker is None or pin.marker.evaluate()]
    command = [sys.executable, "-m", "piplicenses", "--python", sys.executable, "--format=json", "--packages", *needed]
    packages = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    declared = {canonicalize_name(package["Name"]): package["License"] for package in packages}
    assert declared == {name: documented[name][1] for name in needed}


def test_licences_are_permissive(documented: dict[str, tuple[str, str]]) -> None:
    terms = {name: set(re.split(r" (?:AND|OR|WITH) ", licence)) for name, (_, licence) in documented.items()}
    others = {name: licences for name, licences in terms.items() if not licences <= PERMISSIVE}
    assert others == {"certifi": {"Mozilla Public License 2.0 (MPL 2.0)"}}, "docs/licences.md says why this one is fine"
