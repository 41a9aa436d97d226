"""What to tell somebody whose word no command knows. Pure."""

import difflib
from collections.abc import Iterable


def suggestion(word: str, known: Iterable[str], command: str) -> str:
    """The known word that was probably meant, else where the command lists them all."""
    close = difflib.get_close_matches(word, [*known], n=1)
    return f"did you mean {close[0]}?" if close else f"{command} --help lists them"
