"""Formats text for a terminal: columns, tables, time spans, suggestions for unknown words. Pure."""

import difflib
from collections.abc import Iterable, Mapping, Sequence


def columns(rows: Mapping[str, str]) -> list[str]:
    """A line for each row, indented, the second column aligned."""
    width = max(map(len, rows))
    return [f"  {name:{width}}   {text}" for name, text in rows.items()]


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """A line for each row, the first cells to the left and numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    numeric = [all(cell.replace(",", "").isdigit() for cell in column[1:]) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in rows
    ]


_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def in_words(seconds: float) -> str:
    """The span in its largest whole unit: 4 s, 12 min, 5 h, 3 d; "now" below one second."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "now"


def suggestion(word: str, known: Iterable[str], command: str) -> str:
    """Suggests the known word that was probably meant, or the help that lists them all."""
    close = difflib.get_close_matches(word, [*known], n=1)
    return f"did you mean {close[0]}?" if close else f"{command} --help lists them"
