"""Everything that the product needs may be used as it is used here: licences that ask for their text alone."""

import re
from email.message import Message
from pathlib import Path

import pytest

from thunder.supply import licences
from thunder.supply.licences import licence_of, licences_table
from thunder.supply.locked import read_lock

TOP = Path(__file__).parents[4]
LOCKED = read_lock((TOP / "requirements.txt").read_text())
PERMISSIVE = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "PSF-2.0"}


def test_documented_licences_match_the_locked_packages() -> None:
    """After a change of dependencies: put what the command in the page prints into it."""
    page = (TOP / "docs" / "licences.md").read_text()
    assert licences_table(LOCKED) in page


def test_no_package_asks_more_of_us_than_its_text() -> None:
    asked = {name: set(re.split(r" (?:AND|OR|WITH) ", licence_of(name))) for name, *_ in LOCKED}
    surprises = {name: licences for name, licences in asked.items() if not licences <= PERMISSIVE}
    assert surprises == {"certifi": {"MPL-2.0"}}, "docs/licences.md says why this one is fine"


def told(**fields: str) -> Message:
    message = Message()
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    return message


@pytest.mark.parametrize(
    ("says", "meant"),
    [
        (told(License_Expression="MIT OR ISC", License="other"), "MIT OR ISC"),
        (told(License="BSD-3-Clause", Classifier="License :: OSI Approved :: BSD License"), "BSD-3-Clause"),
        (told(License="a long text", Classifier="License :: OSI Approved :: MIT License"), "MIT"),
    ],
)
def test_a_licence_is_found_in_what_a_package_says(says: Message, meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(licences, "metadata", lambda _name: says)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    assert licence_of("package") == meant


@pytest.mark.parametrize("says", [told(), told(License="GPL"), told(Classifier="License :: OSI Approved")])
def test_a_package_that_does_not_say_is_not_guessed_about(says: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(licences, "metadata", lambda _name: says)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    with pytest.raises(LookupError, match="package names no licence"):
        licence_of("package")


def test_a_package_that_is_not_there_is_not_guessed_about() -> None:
    with pytest.raises(LookupError, match="not installed"):
        licence_of("no-such-package")
