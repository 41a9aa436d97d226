"""docs/operations.md as text: its commands, to be run as they are written."""

import re
from pathlib import Path

_GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Every command line, without its comment."""
    lines = [line for language, block in _blocks(_text()) if language == "sh" for line in block.splitlines()]
    return [line.partition("  #")[0].rstrip() for line in lines]


def command(beginning: str) -> str:
    """The command line that begins so."""
    [found] = [line for line in commands() if line.startswith(beginning)]
    return found


def _text() -> str:
    return _GUIDE.read_text(encoding="utf-8")


def _blocks(text: str) -> list[tuple[str, str]]:
    return [(found[1], found[2]) for found in _BLOCK.finditer(text)]
