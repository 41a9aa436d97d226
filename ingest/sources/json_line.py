"""Reads fields of untrusted JSON lines, with typed errors. Pure."""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NoReturn, cast


class BadLineReason(StrEnum):
    """Reasons of lines that cannot be read, for all sources. A closed set."""

    NOT_JSON = "not_json"
    BAD_FIELD = "bad_field"
    BAD_DID = "bad_did"
    BAD_REFERENCE = "bad_reference"
    BAD_TIME = "bad_time"
    NO_USER = "no_user"


class BadLine(Exception):
    """The line is not a valid message of the source. The message names the field, never its content."""

    def __init__(self, reason: BadLineReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def parse_object(line: bytes | str) -> Mapping[str, object]:
    """The JSON object on the line. Raises BadLine, and never anything else.

    A number keeps every digit: an int when it is written without fraction and exponent, else a Decimal.
    """
    try:
        written = line if isinstance(line, str) else line.decode(json.detect_encoding(line))
        message: object = _DECODER.decode(written)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise BadLine(BadLineReason.NOT_JSON, type(error).__name__) from error
    if not isinstance(message, dict):
        raise BadLine(BadLineReason.NOT_JSON, "not a JSON object")
    return cast("dict[str, object]", message)


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number)


def member(container: Mapping[str, object], field: str) -> Mapping[str, object]:
    """The object of that name. Raises BadLine when there is none."""
    value = container.get(field)
    if not isinstance(value, dict):
        raise BadLine(BadLineReason.BAD_FIELD, f"{field} is not an object")
    return cast("dict[str, object]", value)


def member_or_empty(container: Mapping[str, object], field: str) -> Mapping[str, object]:
    """The object of that name, an empty one when there is none."""
    value = container.get(field)
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def text(container: Mapping[str, object], field: str) -> str:
    """The string of that name. Raises BadLine when there is none."""
    value = container.get(field)
    if not isinstance(value, str):
        raise BadLine(BadLineReason.BAD_FIELD, f"{field} is not a string")
    return value


def date(container: Mapping[str, object], field: str) -> int | None:
    """The date of that name in Unix seconds; None when there is none with a time zone."""
    try:
        written = datetime.fromisoformat(text(container, field))
        return None if written.tzinfo is None else int(written.timestamp())
    except (BadLine, ValueError):
        return None
