"""Reads numbered lines of a file or pipe in bounded memory, and parses them as messages."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import BinaryIO, NamedTuple

from ingest.sources.message import Disposition, ParsedMessage, too_large

MAX_LINE_BYTES = 4 * 1024 * 1024


class NumberedLine(NamedTuple):
    """A line that is not blank. number counts every line, from 1; content is None when it is too long.

    unit: what it is in the file, for people: an element of an array is read as a line, too.
    """

    number: int
    content: bytes | None
    unit: str = "line"

    def parse(self, parse: Callable[[bytes], ParsedMessage]) -> ParsedMessage:
        """The message on the line, whose content parse reads; the detail of a dropped line names its number."""
        parsed = too_large(MAX_LINE_BYTES) if self.content is None else parse(self.content)
        if parsed.disposition is Disposition.DROPPED:
            return parsed._replace(detail=f"{self.unit} {self.number}: {parsed.detail}")
        return parsed


def numbered_lines(file: BinaryIO) -> Iterator[NumberedLine]:
    """Yield every line that is not blank; a line that is too long is never in memory as a whole."""
    for number in count(1):
        line = file.readline(MAX_LINE_BYTES + 1)
        if not line:
            return
        if len(line) > MAX_LINE_BYTES:
            _skip_rest_of_line(file, line)
            yield NumberedLine(number, None)
        elif line.strip():
            yield NumberedLine(number, line)


def _skip_rest_of_line(file: BinaryIO, piece: bytes) -> None:
    while piece and not piece.endswith(b"\n"):
        piece = file.readline(MAX_LINE_BYTES)
