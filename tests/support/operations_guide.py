"""docs/operations.md as text: its commands and programs, to be run as they are written."""

import re
import subprocess
import sys
from collections.abc import Mapping
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


def programs(section: str) -> list[str]:
    """The Python of a section."""
    text = _text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return [block for language, block in _blocks(text) if language == "python"]


def run_program(program: str, changes: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run it to its end, with other words in place of those that stand in the guide."""
    for written, meant in changes.items():
        assert written in program, f"{written} is not in the program"
        program = program.replace(written, meant)
    return subprocess.run([sys.executable, "-c", program], text=True, capture_output=True, check=False, timeout=60)


def _text() -> str:
    return _GUIDE.read_text(encoding="utf-8")


def _blocks(text: str) -> list[tuple[str, str]]:
    return [(found[1], found[2]) for found in _BLOCK.finditer(text)]
