"""What the doctor says."""

from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """How it is: as it should be, of some harm or not to be told, or of a kind that the role cannot work with."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(NamedTuple):
    """One thing that was looked at. remedy is empty when nothing is to be done."""

    verdict: Severity
    subject: str
    fact: str
    remedy: str = ""


def ok(subject: str, fact: str) -> Finding:
    """It is as it should be."""
    return Finding(Severity.OK, subject, fact)


def warn(subject: str, fact: str, remedy: str) -> Finding:
    """It does some harm, or cannot be told."""
    return Finding(Severity.WARN, subject, fact, remedy)


def fail(subject: str, fact: str, remedy: str) -> Finding:
    """The role cannot work with that."""
    return Finding(Severity.FAIL, subject, fact, remedy)
