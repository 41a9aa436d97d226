"""Messages that are lines of a file or a pipe."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import BinaryIO, NamedTuple

from ingest.sources.message import Disposition, ParsedMessage, too_large

MAX_LINE_BYTES = 4 * 1024 * 1024


class NumberedLine(NamedTuple):
    """A line that is not blank. number counts every line, from 1; content is None when it is too long."""

    number: int
    content: bytes | None

    def heard(self, hear: Callable[[bytes], ParsedMessage]) -> ParsedMessage:
        """What it says, of which hear reads the content; a line that is dropped is named by its number."""
        heard = too_large(MAX_LINE_BYTES) if self.content is None else hear(self.content)
        return (
            heard._replace(detail=f"line {self.number}: {heard.detail}") if heard.fate is Disposition.DROPPED else heard
        )


def numbered_lines(file: BinaryIO) -> Iterator[NumberedLine]:
    """Every line that is not blank, one at a time; what is too long never lies in memory as a whole."""
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
