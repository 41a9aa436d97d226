"""Splitting of a command line into flags, operands and values, and their --help."""

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field, SecretStr

from common.errors import ConfigurationError
from common.settings.flags import FlagParser
from common.settings.loader import read_options
from common.settings.schema import settings_of
from common.settings.types import CommandOptions, CommaSeparated, Digits, Operand, Unit

SECRET = "correct-horse"


class CopyOptions(CommandOptions):
    """Copy"""

    source: Annotated[Path, Field(description="file to read"), Operand("FILE")]
    count: Annotated[int, Field(description="100 % of the copies", ge=0), Unit("copies")] = 1
    verbose: Annotated[bool, Field(description="print each step")] = False
    ids: Annotated[tuple[Annotated[int, Digits], ...], CommaSeparated, Field(description="ids")] = ()
    password: Annotated[SecretStr | None, Field(description="password")] = None


def copy(*arguments: str) -> CopyOptions:
    return read_options(CopyOptions, arguments)


def refusal(*arguments: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        copy(*arguments)
    return str(refused.value)


def test_an_operand_may_stand_before_or_after_flags() -> None:
    assert copy("f", "--count", "2").source == copy("--count", "2", "f").source == Path("f")
    assert copy("-").source == Path("-")


def test_a_value_may_begin_with_one_dash() -> None:
    password = copy("f", "--password", "-dash").password
    assert password is not None
    assert password.get_secret_value() == "-dash"
    assert refusal("f", "--count", "-1").startswith("--count: should be greater than or equal to 0")


@pytest.mark.parametrize(
    ("flags", "verbose"),
    [
        (["--verbose"], True),
        (["--verbose=true"], True),
        (["--verbose=off"], False),
        (["--no-verbose"], False),
        (["--no-verbose", "--verbose"], True),
    ],
)
def test_a_switch_is_written_in_several_ways(flags: list[str], verbose: bool) -> None:
    assert copy("f", *flags).verbose is verbose


def test_ids_are_separated_by_commas() -> None:
    assert copy("f", "--ids", "3, 2,").ids == (3, 2)
    assert copy("f", "--ids=").ids == ()
    for wrong in ("1.0", "1_000", "+1", "²"):
        assert refusal("f", "--ids", wrong).startswith("--ids: should be a whole number")


def test_wrong_usage_names_the_flag() -> None:
    assert refusal() == "expected FILE, then the flags"
    assert refusal("f", "--count") == "--count: a value must follow"
    assert refusal("f", "--no-verbose=1") == "--no-verbose: takes no value"
    assert refusal("f", "--verbos") == "--verbos: no such flag; did you mean --verbose?"
    assert refusal("f", "--cou", "2") == "--cou: no such flag; did you mean --count?"


@pytest.mark.parametrize(
    "arguments",
    [
        ["f", SECRET],
        ["f", f"-p{SECRET}"],
        ["f", f"-h{SECRET}"],
        ["f", f"--no-verbose={SECRET}"],
        ["f", f"--verbose={SECRET}"],
        ["f", f"--passwort={SECRET}"],
        ["f", "--count", SECRET],
        ["f", f"--{SECRET} {SECRET}"],
    ],
)
def test_no_value_is_quoted(arguments: list[str]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        copy(*arguments)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None
    assert SECRET not in str(refused.value.__context__)


def test_flags_of_another_command_are_passed_on() -> None:
    given, rest = FlagParser(settings_of(CopyOptions)).split(["f", "--count", "2", "--other", "-x", "--more=1"])
    assert {name: value.value for name, value in given.items()} == {"source": "f", "count": "2"}
    assert rest == ["--other", "-x", "--more=1"]


def test_help_has_a_line_for_each_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    parser = FlagParser(settings_of(CopyOptions), "thunder copy FILE [flags]", "thunder copy: copies", "A note.")
    assert (
        parser.format_help()
        == """\
Usage: thunder copy FILE [flags]

thunder copy: copies

Copy:
  FILE
      file to read
  --count <copies>
      100 % of the copies [default: 1 copies]
  --verbose, --no-verbose
      print each step [default: off]
  --ids <text>
      ids [default: none]
  --password <text>
      password [default: none]

A note.
"""
    )
