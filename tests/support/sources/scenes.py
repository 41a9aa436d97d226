"""Scenes that a server of a test plays, one for each connection."""

import threading
from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple


class Then(Enum):
    """The end of a connection after its messages."""

    ENDS = "ends"
    IS_QUIET = "is quiet"
    """Nothing happens there, but it shows that it is alive."""
    IS_SILENT = "is silent"
    """Half-open: nothing ever comes, not even the answer to a ping."""
    VANISHES = "vanishes"


class Says(NamedTuple):
    """Messages, and how it goes on. is_binary: in frames that are not text, where there is a difference."""

    messages: tuple[bytes, ...]
    then: Then = Then.IS_QUIET
    is_binary: bool = False


class Refuses(NamedTuple):
    """An answer with an HTTP status instead of a stream."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""


class NeverAnswers(NamedTuple):
    """A connection is accepted, and that is all."""


Scene = Says | Refuses | NeverAnswers


class Stage:
    """The scenes still to come, and what was asked for so far. Every further connection is refused with 503."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closing = threading.Event()
        self._scenes: list[Scene] = []
        self._lock = threading.Lock()

    def plays(self, *scenes: Scene) -> None:
        """Add scenes."""
        with self._lock:
            self._scenes.extend(scenes)

    def next(self, asked: str) -> Scene:
        """The scene for a connection that asks for something. For any thread."""
        with self._lock:
            self.asked.append(asked)
            return self._scenes.pop(0) if self._scenes else Refuses(503)

    def wait_for_the_end(self) -> None:
        """Block until the server closes."""
        self.closing.wait()
