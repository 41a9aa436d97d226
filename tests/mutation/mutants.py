"""A mutant: one change of one file. Pure."""

import difflib
from collections.abc import Iterable
from typing import NamedTuple


class Edit(NamedTuple):
    """The characters from start to end, replaced."""

    start: int
    end: int
    replacement: str


class MutantKey(NamedTuple):
    """Names a mutant as long as the lines that it changes stay as they are: before and after, without indentation."""

    path: str
    function: str
    operator: str
    before: str
    after: str


class Mutant(NamedTuple):
    """A changed file. line: of the change, from 1."""

    key: MutantKey
    line: int
    original: str
    mutated: str

    @property
    def diff(self) -> str:
        """The change as `diff -u` prints it."""
        path = self.key.path
        lines = difflib.unified_diff(
            self.original.splitlines(), self.mutated.splitlines(), path, f"{path} ({self.key.operator})", lineterm=""
        )
        return "\n".join(lines)


def mutant_of(path: str, text: str, function: str, operator: str, edit: Edit) -> Mutant:
    """The mutant that an edit makes of a file."""
    mutated = text[: edit.start] + edit.replacement + text[edit.end :]
    first = text.rfind("\n", 0, edit.start) + 1
    last = _line_end(text, edit.end)
    before, after = text[first:last], mutated[first : last + len(mutated) - len(text)]
    key = MutantKey(path, function, operator, _words(before), _words(after))
    return Mutant(key, text.count("\n", 0, edit.start) + 1, text, mutated)


def without_duplicates(mutants: Iterable[Mutant]) -> list[Mutant]:
    """Mutants that differ from the original and from each other."""
    by_text = {mutant.mutated: mutant for mutant in mutants if mutant.mutated != mutant.original}
    return list(by_text.values())


def _line_end(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return len(text) if end < 0 else end


def _words(text: str) -> str:
    return " ".join(text.split())
