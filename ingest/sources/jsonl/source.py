"""Lines of a file or a pipe as sources."""

import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path

from common.errors import ConfigurationError
from common.lifecycle import Stop
from ingest.sources.catalogue import OpenedSource, labels_of
from ingest.sources.jsonl import JsonlSettings
from ingest.sources.jsonl.event_lines import BadEventReason, parse_event_line
from ingest.sources.jsonl.lines import NumberedLine
from ingest.sources.jsonl.recordings import lines_of_file, recorded_lines
from ingest.sources.jsonl.shifted_times import is_of_a_clock, shifted, time_of
from ingest.sources.message import ParsedMessage, SentKind, Source
from ingest.sources.reader_thread import read_in_thread

_FOREVER = float("inf")
_STANDARD_INPUT = "-"


def open_jsonl(settings: JsonlSettings) -> OpenedSource:
    """A file from its beginning, or the standard input."""
    if settings.file == _STANDARD_INPUT:
        source: Source = PipeSource("jsonl", sys.stdin.fileno(), parse_event_line)
    else:
        source = ReplaySource("jsonl", Path(settings.file), parse_event_line)
    return OpenedSource(source, labels_of(SentKind, dropped=BadEventReason), has_follows=True)


class PipeSource:
    """Yields the lines of a pipe as they come. There are no positions: a pipe cannot be read twice."""

    expected = None
    reconnects = 0
    first_position = ""

    def __init__(self, name: str, descriptor: int, parse: Callable[[bytes], ParsedMessage]) -> None:
        """descriptor: open for reading, it is left open. parse reads one line and never raises."""
        self.name = name
        self._descriptor = descriptor
        self._parse = parse

    def listen(self, position: str, should_stop: Callable[[], bool]) -> Iterator[ParsedMessage]:
        """Yield the lines from now on, until the pipe is closed or should_stop."""
        for line in read_in_thread(self._lines, _FOREVER, should_stop):
            yield line.parse(self._parse)

    def _lines(self, _abandoned: Stop) -> Generator[NumberedLine]:
        with open(self._descriptor, "rb", closefd=False) as file:
            yield from recorded_lines(file, "the standard input")


class ReplaySource:
    """Yields the lines of a file once and ends. A position is the number of the last line that was read."""

    first_position = ""

    def __init__(
        self, name: str, path: Path, parse: Callable[[bytes], ParsedMessage], ends_at: Callable[[], int] | None = None
    ) -> None:
        """Parse reads one line and never raises, such as parse_jetstream_line.

        ends_at: shifts all times so that the newest event happened then (Unix seconds; called once, at the start).
        Nothing is read yet. Every other call raises ConfigurationError when the file cannot be read.
        """
        self.name = name
        self.reconnects = 0
        self._path = path
        self._parse = parse
        self._ends_at = ends_at

    @property
    def expected(self) -> int:
        """Number of lines that are not blank. Reads the file, in pieces."""
        with closing(lines_of_file(self._path)) as lines:
            return sum(1 for _ in lines)

    def listen(self, position: str, should_stop: Callable[[], bool]) -> Iterator[ParsedMessage]:
        """Yield the lines after that number (empty: all), until the file ends or should_stop."""
        last_read = _line_number(position)
        shift = 0 if self._ends_at is None else self._ends_at() - self._newest()
        with closing(lines_of_file(self._path)) as lines:
            for line in lines:
                if should_stop():
                    return
                if line.number > last_read:
                    yield _moved(self._parsed(line), shift)

    def _newest(self) -> int:
        """Time of the newest event of the whole file, in Unix seconds; 0 when there is none."""
        with closing(lines_of_file(self._path)) as lines:
            events = (self._parsed(line).event for line in lines)
            return max((at for event in events if event and is_of_a_clock(at := time_of(event))), default=0)

    def _parsed(self, line: NumberedLine) -> ParsedMessage:
        return line.parse(self._parse)._replace(position=str(line.number))


def _moved(parsed: ParsedMessage, shift: int) -> ParsedMessage:
    return parsed if parsed.event is None else parsed._replace(event=shifted(parsed.event, shift))


def _line_number(position: str) -> int:
    if position and not (position.isascii() and position.isdecimal()):
        raise ConfigurationError("a recording is resumed from the number of a line")
    return int(position or 0)
