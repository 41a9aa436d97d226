"""Tokens of a Lua script, as far as its mutants need them. Pure."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"""(?P<comment>--[^\n]*)
    |(?P<string>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")
    |(?P<number>0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<sign>\.\.\.|\.\.|==|~=|<=|>=|\S)
    |(?P<space>\s+)""",
    re.VERBOSE,
)

_OPENING, _CLOSING = "([{", ")]}"


class LuaToken(NamedTuple):
    """kind: string, number, name (keywords too) or sign."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Offset of the character after it."""
        return self.start + len(self.text)


class LuaLine(NamedTuple):
    """Tokens of one line. function: the one that it is in, empty outside. open: brackets of earlier lines are open."""

    tokens: tuple[LuaToken, ...]
    function: str
    open: bool

    @property
    def is_balanced(self) -> bool:
        """Whether brackets that open on the line are closed on it, and no others."""
        return not self.open and self.depth == 0

    @property
    def depth(self) -> int:
        """Brackets that open on the line, less those that close."""
        signs = [token.text for token in self.tokens if token.kind == "sign"]
        return sum(sign in _OPENING for sign in signs) - sum(sign in _CLOSING for sign in signs)


def lua_tokens(text: str) -> list[LuaToken]:
    """Tokens of a script, without comments and white space."""
    return [
        LuaToken(found.lastgroup or "", found.group(), found.start())
        for found in _TOKEN.finditer(text)
        if found.lastgroup not in ("comment", "space")
    ]


def lua_lines(text: str) -> Iterator[LuaLine]:
    """Yield the lines of a script that hold tokens. Functions begin and end at the first column."""
    function, depth = "", 0
    for tokens in _by_line(text):
        words = [token.text for token in tokens]
        if words[:2] == ["local", "function"]:
            function = words[2]
        line = LuaLine(tokens, function, depth > 0)
        yield line
        depth += line.depth
        if words[-1] == "end" and (words[:2] == ["local", "function"] or _column(text, tokens[0]) == 0):
            function = ""


def _by_line(text: str) -> Iterator[tuple[LuaToken, ...]]:
    line: list[LuaToken] = []
    for token in lua_tokens(text):
        if line and "\n" in text[line[-1].end : token.start]:
            yield tuple(line)
            line = []
        line.append(token)
    if line:
        yield tuple(line)


def _column(text: str, token: LuaToken) -> int:
    return token.start - (text.rfind("\n", 0, token.start) + 1)
