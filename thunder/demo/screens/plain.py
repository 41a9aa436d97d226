"""A demo as plain lines, for a pipe or a log."""

import time
from collections.abc import Callable

from thunder.cli.timeline_output import plain_line, timeline_entries
from thunder.demo.roles import Addresses
from thunder.demo.screens.screen import View, address_lines, answer_line, status_line, title

_ROWS = 20
_SECONDS_BETWEEN_LINES = 5.0


class PlainScreen:
    """The first timeline, then a line every few seconds."""

    def __init__(self, write: Callable[[str], object], clock: Callable[[], float] = time.monotonic) -> None:
        """Write is given a line at a time; clock returns seconds."""
        self._write = write
        self._clock = clock
        self._next_line_at = clock()
        self._has_shown = False

    def say(self, line: str) -> None:
        self._write(line)

    def wait(self, line: str) -> None:
        self._now_and_then(line)

    def show(self, view: View) -> None:
        if not self._has_shown:
            self._has_shown = True
            self._write_timeline(view)
        self._now_and_then(f"{status_line(view.status)} · {answer_line(view)}")

    def ready(self, addresses: Addresses) -> None:
        for line in address_lines(addresses):
            self._write(line)
        self._write("Ready; Ctrl-C stops everything")

    def close(self) -> None:
        """Lines are written at once."""

    def _write_timeline(self, view: View) -> None:
        self._write("")
        self._write(title(view))
        for entry in timeline_entries(view.answer.response.posts[:_ROWS], view.feed.name_of, view.now):
            self._write(plain_line(entry))
        self._write(answer_line(view))
        self._write(status_line(view.status))
        self._next_line_at = self._clock() + _SECONDS_BETWEEN_LINES

    def _now_and_then(self, line: str) -> None:
        if self._clock() >= self._next_line_at:
            self._next_line_at = self._clock() + _SECONDS_BETWEEN_LINES
            self._write(line)
