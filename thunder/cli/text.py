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


_SECONDS_PER_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds_of_span(value: object) -> object:
    """Read 90s, 5m, 2h, 1d, or seconds without a unit; what is no text is left as it is. ValueError."""
    if not isinstance(value, str):
        return value
    number, unit = (value[:-1], value[-1:]) if value[-1:] in _SECONDS_PER_UNIT else (value, "s")
    if not (number.isascii() and number.isdigit()):
        raise ValueError("should be a number with s, m, h or d behind it, such as 5m")
    return int(number) * _SECONDS_PER_UNIT[unit]


def suggestion(word: str, known: Iterable[str], command: str) -> str:
    """Suggests the known word that was probably meant, or the help that lists them all."""
    close = difflib.get_close_matches(word, [*known], n=1)
    return f"did you mean {close[0]}?" if close else f"{command} --help lists them"
