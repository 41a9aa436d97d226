"""Findings of the doctor: what was checked, what is true of it, and what to do."""

from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """OK: as required. WARN: harmful, or unknown. FAIL: the role cannot work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(NamedTuple):
    """Result of one check. remedy is empty when nothing is to be done."""

    verdict: Severity
    subject: str
    fact: str
    remedy: str = ""


def ok(subject: str, fact: str) -> Finding:
    """Finding of a check that passed."""
    return Finding(Severity.OK, subject, fact)


def warn(subject: str, fact: str, remedy: str) -> Finding:
    """Finding about something harmful, or about what could not be checked."""
    return Finding(Severity.WARN, subject, fact, remedy)


def fail(subject: str, fact: str, remedy: str) -> Finding:
    """Finding that keeps the role from working."""
    return Finding(Severity.FAIL, subject, fact, remedy)
