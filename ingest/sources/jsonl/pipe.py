"""Lines of a pipe as a source: they come when they come."""

from collections.abc import Callable, Generator, Iterator

from ingest.sources.jsonl.lines import NumberedLine, numbered_lines
from ingest.sources.message import ParsedMessage
from ingest.sources.reader_thread import read_in_thread

_FOR_EVER = float("inf")


class PipeSource:
    """Says what the lines of a pipe say until it ends. There are no positions: what was read is gone from the pipe."""

    expected = None
    reconnects = 0

    def __init__(self, name: str, descriptor: int, hear: Callable[[bytes], ParsedMessage]) -> None:
        """descriptor: open for reading, it is left open. hear reads one line and never raises."""
        self.name = name
        self._descriptor = descriptor
        self._hear = hear

    def listen(self, position: str, should_stop: Callable[[], bool]) -> Iterator[ParsedMessage]:
        """See Source."""
        for line in read_in_thread(self._lines, _FOR_EVER, should_stop):
            yield line.heard(self._hear)

    def _lines(self) -> Generator[NumberedLine]:
        with open(self._descriptor, "rb", closefd=False) as file:
            yield from numbered_lines(file)
