"""Screens that write lines: JSON objects for programs, plain text for a pipe or a log."""

import json
import time
from collections.abc import Callable

from thunder.cli.timeline_output import answer_as_json, plain_line, timeline_entries
from thunder.demo.roles import Addresses
from thunder.demo.screens.screen import TimelineView, address_lines, answer_line, status_line, title

_ROWS = 20
_SECONDS_BETWEEN_LINES = 5.0


class JsonScreen:
    """Writes one JSON object per answer, or the addresses; notes for people go elsewhere."""

    def __init__(self, write: Callable[[str], object], write_note: Callable[[str], object]) -> None:
        """Passes the objects to write, the lines for people to write_note."""
        self._write = write
        self._write_note = write_note

    def note(self, line: str) -> None:
        """Writes it beside the objects."""
        self._write_note(line)

    def progress(self, line: str) -> None:
        """Writes nothing: programs wait for the first object."""

    def show(self, view: TimelineView) -> None:
        """Writes one object."""
        viewer = view.feed.viewer
        self._write(
            json.dumps(
                {
                    "viewer": {"user_id": viewer.user_id, "name": viewer.name, "following": viewer.following},
                    **answer_as_json(view.answer, view.feed.name_of, view.now),
                    "counts": view.status._asdict(),
                    "source": view.feed.facts,
                }
            )
        )

    def ready(self, addresses: Addresses) -> None:
        """Writes the addresses as one object."""
        self._write(json.dumps({**addresses._asdict(), "page": addresses.page}))

    def close(self) -> None:
        """Does nothing: lines are written at once."""


class PlainScreen:
    """Writes the first timeline, then a line every few seconds."""

    def __init__(self, write: Callable[[str], object], clock: Callable[[], float] = time.monotonic) -> None:
        """Passes a line at a time to write; clock returns seconds."""
        self._write = write
        self._clock = clock
        self._next_line_at = clock()
        self._has_shown = False

    def note(self, line: str) -> None:
        """Writes the line."""
        self._write(line)

    def progress(self, line: str) -> None:
        """Writes the line, unless the latest was written a moment ago."""
        if self._clock() >= self._next_line_at:
            self._next_line_at = self._clock() + _SECONDS_BETWEEN_LINES
            self._write(line)

    def show(self, view: TimelineView) -> None:
        """Writes the first timeline, and of the later ones the counts."""
        if not self._has_shown:
            self._has_shown = True
            self._write_timeline(view)
        self.progress(f"{status_line(view.status)} · {answer_line(view)}")

    def ready(self, addresses: Addresses) -> None:
        """Writes a line for each address."""
        for line in address_lines(addresses):
            self._write(line)
        self._write("Ready; Ctrl-C stops everything")

    def close(self) -> None:
        """Does nothing: lines are written at once."""

    def _write_timeline(self, view: TimelineView) -> None:
        self._write("")
        self._write(title(view))
        for entry in timeline_entries(view.answer.response.posts[:_ROWS], view.feed.name_of, view.now):
            self._write(plain_line(entry))
        self._write(answer_line(view))
        self._write(status_line(view.status))
        self._next_line_at = self._clock() + _SECONDS_BETWEEN_LINES
