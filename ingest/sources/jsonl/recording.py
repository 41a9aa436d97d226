"""A recording as a source: a file with one message on each line. Blocks on the disk alone."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path

from common.errors import ConfigurationError
from ingest.sources.jsonl.lines import NumberedLine, numbered_lines
from ingest.sources.jsonl.shifted_times import is_of_a_clock, shifted, time_of
from ingest.sources.message import ParsedMessage


class ReplaySource:
    """Says what the lines of a file say, once, and ends. A position is the number of the last line that was said."""

    def __init__(
        self, name: str, path: Path, hear: Callable[[bytes], ParsedMessage], ends_at: Callable[[], int] | None = None
    ) -> None:
        """A file of lines that hear reads without ever raising, such as hear_line of jetstream_heard.

        ends_at: moves all times so that the newest event happened then (Unix seconds; asked once, when it begins).
        Nothing is read yet. Every other call raises ConfigurationError when the file cannot be read.
        """
        self.name = name
        self.reconnects = 0
        self._path = path
        self._hear = hear
        self._ends_at = ends_at

    @property
    def expected(self) -> int:
        """How many lines are not blank. Reads the file, in pieces."""
        with closing(_lines(self._path)) as lines:
            return sum(1 for _ in lines)

    def listen(self, position: str, should_stop: Callable[[], bool]) -> Iterator[ParsedMessage]:
        """The lines after that number (empty: all), until the file ends or it is told to stop."""
        last_said = _line_number(position)
        shift = 0 if self._ends_at is None else self._ends_at() - self._newest()
        with closing(_lines(self._path)) as lines:
            for line in lines:
                if should_stop():
                    return
                if line.number > last_said:
                    yield _moved(self._heard(line), shift)

    def _newest(self) -> int:
        """When the newest event of the whole file happened, in Unix seconds; 0 when there is none."""
        with closing(_lines(self._path)) as lines:
            events = (self._heard(line).event for line in lines)
            return max((at for event in events if event and is_of_a_clock(at := time_of(event))), default=0)

    def _heard(self, line: NumberedLine) -> ParsedMessage:
        return line.heard(self._hear)._replace(position=str(line.number))


def _moved(heard: ParsedMessage, shift: int) -> ParsedMessage:
    return heard if heard.event is None else heard._replace(event=shifted(heard.event, shift))


def _line_number(position: str) -> int:
    if position and not (position.isascii() and position.isdecimal()):
        raise ConfigurationError("a recording is resumed from the number of a line")
    return int(position or 0)


def _lines(path: Path) -> Generator[NumberedLine]:
    """Every line that is not blank, one at a time."""
    try:
        with path.open("rb") as file:
            yield from numbered_lines(file)
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from error
