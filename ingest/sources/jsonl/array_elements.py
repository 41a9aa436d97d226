"""Splits JSON arrays into their elements, in bounded memory and one pass, however damaged an element is."""

import re
from collections.abc import Iterator
from io import BufferedReader

from ingest.sources.jsonl import lines
from ingest.sources.jsonl.lines import NumberedLine

BLANK = b"\xef\xbb\xbf \t\r\n"
"""Bytes that mean nothing: white space, and the mark that some editors put in front of UTF-8."""

_PIECE_BYTES = 64 * 1024
_TOKEN = re.compile(rb'\\.|["\[\]{},]', re.DOTALL)


def array_elements(file: BufferedReader) -> Iterator[NumberedLine]:
    """Yield the elements of the arrays in a file as lines, numbered from 1; one that is too long has no content.

    What stands outside of an array or ends too early is an element, too, so that it is dropped and counted.
    """
    splitter = _Splitter()
    while piece := file.read1(_PIECE_BYTES):
        yield from splitter.split(piece)
    yield from splitter.end()


class _Splitter:
    """Knows how deep it is, whether that is in a string, and the element so far."""

    def __init__(self) -> None:
        self._depth = 0
        self._in_string = False
        self._element = bytearray()
        self._number = 0
        self._escape = b""

    def split(self, piece: bytes) -> Iterator[NumberedLine]:
        """The elements that end in the next piece."""
        piece = self._escape + piece
        has_half_escape = (len(piece) - len(piece.rstrip(b"\\"))) % 2 == 1
        self._escape, piece = (b"\\", piece[:-1]) if has_half_escape else (b"", piece)
        begin = 0
        for token in _TOKEN.finditer(piece):
            if self._ends_element(token.group()):
                yield from self._taken(piece[begin : token.start()])
                begin = token.end()
        self._extend(piece[begin:])

    def end(self) -> Iterator[NumberedLine]:
        """The rest."""
        return self._taken(self._escape)

    def _ends_element(self, token: bytes) -> bool:
        """Whether the token, which it takes, stands between two elements or at an end of the array."""
        if self._in_string or token == b'"':
            self._in_string ^= token == b'"'
            return False
        before, self._depth = self._depth, max(0, self._depth + _CHANGE.get(token, 0))
        match token:
            case b"[":
                return before == 0
            case b"]":
                return self._depth == 0
            case _:
                return token == b"," and before <= 1

    def _taken(self, piece: bytes) -> Iterator[NumberedLine]:
        self._extend(piece)
        element = bytes(self._element)
        self._element.clear()
        if element.strip(BLANK):
            self._number += 1
            is_whole = len(element) <= lines.MAX_LINE_BYTES
            yield NumberedLine(self._number, element if is_whole else None, "element")

    def _extend(self, piece: bytes) -> None:
        """Keep enough of a long element to see that it is too long."""
        self._element += piece[: lines.MAX_LINE_BYTES + 1 - len(self._element)]


_CHANGE = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}
