"""Mutants of a Lua script, from its tokens: a statement is a line of its own there. Pure."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from tests.mutation.lua_tokens import LuaLine, LuaToken, lua_lines
from tests.mutation.mutants import Edit, Mutant, mutant_of, without_duplicates

_COMPARISONS = {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("~=",), "~=": ("==",)}

_OTHER_CONNECTIVE = {"and": "or", "or": "and"}

_NO_STATEMENT = frozenset(
    {"local", "function", "for", "while", "repeat", "until", "end", "else", "elseif", "and", "or"}
)
"""Words that begin a line which cannot be left out."""


def lua_mutants(path: str, text: str) -> list[Mutant]:
    """All mutants of a script."""
    lines = [*lua_lines(text)]
    return without_duplicates(
        [
            *(
                mutant_of(path, text, line.function, name, edit)
                for name, operator in _OPERATORS
                for line in lines
                for edit in operator(text, line)
            ),
            *(
                mutant_of(path, text, first.function, "calls swapped", _swapped(text, first, second))
                for first, second in pairwise(lines)
                if _is_call(text, first) and _is_call(text, second)
            ),
        ]
    )


def _comparisons(text: str, line: LuaLine) -> Iterator[Edit]:
    for token in line.tokens:
        if token.kind == "sign":
            yield from (Edit(token.start, token.end, other) for other in _COMPARISONS.get(token.text, ()))


def _dropped_statements(text: str, line: LuaLine) -> Iterator[Edit]:
    if _is_statement(text, line):
        yield Edit(line.tokens[0].start, line.tokens[-1].end, "")


def _constants(text: str, line: LuaLine) -> Iterator[Edit]:
    for token in line.tokens:
        if token.kind == "number" and "." not in token.text:
            number = int(token.text, 0)
            yield from (Edit(token.start, token.end, str(other)) for other in (number + 1, number - 1))


def _conditions(text: str, line: LuaLine) -> Iterator[Edit]:
    """Conditions negated, `and` and `or` exchanged."""
    for token in line.tokens:
        if token.kind == "name" and token.text in _OTHER_CONNECTIVE:
            yield Edit(token.start, token.end, _OTHER_CONNECTIVE[token.text])
        elif token.kind == "name" and token.text == "not":
            yield Edit(token.start, token.end, "")
    words = [token.text for token in line.tokens]
    if words[0] in ("if", "elseif") and "then" in words:
        start, end = line.tokens[1].start, line.tokens[words.index("then") - 1].end
        yield Edit(start, end, f"not ({text[start:end]})")


def _is_statement(text: str, line: LuaLine) -> bool:
    """Whether the line is one whole statement, such as a call, an assignment or a condition with its end."""
    first, last = line.tokens[0], line.tokens[-1]
    if first.kind != "name" or first.text in _NO_STATEMENT or not line.is_balanced:
        return False
    if first.text in ("if", "return"):
        return first.text == "return" or last.text == "end"
    return last.text != "=" and not _is_continued(text, line.tokens)


def _is_continued(text: str, tokens: Sequence[LuaToken]) -> bool:
    following = text[tokens[-1].end :].split(maxsplit=1)
    return bool(following) and following[0] in _OTHER_CONNECTIVE


def _is_call(text: str, line: LuaLine) -> bool:
    words = [token.text for token in line.tokens]
    return _is_statement(text, line) and "(" in words and "=" not in words and words[0] not in ("if", "return")


def _swapped(text: str, first: LuaLine, second: LuaLine) -> Edit:
    start, end = first.tokens[0].start, first.tokens[-1].end
    then, last = second.tokens[0].start, second.tokens[-1].end
    return Edit(start, last, text[then:last] + text[end:then] + text[start:end])


_OPERATORS = (
    ("comparison flipped", _comparisons),
    ("statement dropped", _dropped_statements),
    ("constant off by one", _constants),
    ("condition negated", _conditions),
)
