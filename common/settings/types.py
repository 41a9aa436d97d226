"""Vocabulary of settings: units, further environment names, operands, defaults in words, checked numbers."""

from typing import Annotated, ClassVar, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

MEBIBYTE = 1024 * 1024


class Unit(NamedTuple):
    """Unit of a number, as --help and docs/settings.md show it."""

    name: str


class AlsoFrom(NamedTuple):
    """Environment variables that give a setting besides THUNDER_<NAME>, the first that is set wins."""

    variables: tuple[str, ...]


class Operand(NamedTuple):
    """Name of a value that stands on the command line without a flag."""

    name: str


class Repeatable(NamedTuple):
    """Marks a list whose flag may be written several times, once for each entry. example: of an entry."""

    example: str


class DefaultInWords(NamedTuple):
    """Text that --help shows for a default that depends on other settings."""

    text: str


class Settings(BaseModel):
    """Checked once, then frozen. An error never quotes the value: it may be a secret in the wrong place.

    environment_prefix: between THUNDER_ and the name of each setting that this very class declares. had_no_prefix: an
    earlier release had these settings without it.
    """

    environment_prefix: ClassVar[str] = ""
    had_no_prefix: ClassVar[bool] = False
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)


class CommandOptions(Settings):
    """Options of one command: the command line alone gives them, not the environment and not the file."""


def _digits(value: object) -> object:
    """Refuse what pydantic would read as a whole number though no id is written so: 1.0, 1_000, +1."""
    if isinstance(value, str) and not (value.strip().isascii() and value.strip().isdigit()):
        raise ValueError("should be a whole number, 0 or above")
    return value


def _split(value: object) -> object:
    """Take a list apart at its commas; an empty entry is skipped."""
    return [part for part in value.split(",") if part.strip()] if isinstance(value, str) else value


_SECONDS_PER_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def _span(value: object) -> object:
    """Read 90s, 5m, 2h, 1d, or seconds without a unit."""
    if not isinstance(value, str):
        return value
    number, unit = (value[:-1], value[-1:]) if value[-1:] in _SECONDS_PER_UNIT else (value, "s")
    if not (number.isascii() and number.isdigit()):
        raise ValueError("should be a number with s, m, h or d behind it, such as 5m")
    return int(number) * _SECONDS_PER_UNIT[unit]


Digits = BeforeValidator(_digits)
CommaSeparated = BeforeValidator(_split)
Span = BeforeValidator(_span)

Text = Annotated[str, Field(min_length=1)]
Port = Annotated[int, Field(ge=0, le=65535)]
Count = Annotated[int, Field(ge=1)]
Bytes = Annotated[int, Field(ge=1), Unit("bytes")]
Millis = Annotated[int, Field(ge=1), Unit("ms")]
Seconds = Annotated[int, Field(ge=1), Unit("s")]
