"""Formats text for a terminal: columns, time spans, suggestions for unknown words. Pure."""

import difflib
from collections.abc import Iterable, Mapping


def columns(rows: Mapping[str, str]) -> list[str]:
    """A line for each row, indented, the second column aligned."""
    width = max(map(len, rows))
    return [f"  {name:{width}}   {text}" for name, text in rows.items()]


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
