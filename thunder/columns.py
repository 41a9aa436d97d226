"""Two columns of text, for the help of commands."""

from collections.abc import Mapping


def columns(rows: Mapping[str, str]) -> list[str]:
    """A line for each row, indented, the second column aligned."""
    width = max(map(len, rows))
    return [f"  {name:{width}}   {text}" for name, text in rows.items()]
