"""Vocabulary in which settings are declared: units, further environment names, defaults in words, checked numbers."""

from typing import Annotated, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

MEBIBYTE = 1024 * 1024


class Unit(NamedTuple):
    """What a number counts, as --help and the README show it."""

    name: str


class AlsoFrom(NamedTuple):
    """Environment variables that give a setting besides THUNDER_<NAME>, the first that is set wins."""

    variables: tuple[str, ...]


class DefaultInWords(NamedTuple):
    """How --help shows a default that depends on other settings."""

    text: str


class Settings(BaseModel):
    """Checked once, then frozen. An error never quotes the value: it may be a secret in the wrong place.

    environment_prefix: between THUNDER_ and the name of each setting that this very class declares.
    """

    environment_prefix: ClassVar[str] = ""
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)


Text = Annotated[str, Field(min_length=1)]
Port = Annotated[int, Field(ge=0, le=65535)]
Count = Annotated[int, Field(ge=1)]
Bytes = Annotated[int, Field(ge=1), Unit("bytes")]
Millis = Annotated[int, Field(ge=1), Unit("ms")]
Seconds = Annotated[int, Field(ge=1), Unit("s")]
