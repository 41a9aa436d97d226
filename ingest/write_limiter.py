"""Bounds the batches that the threads of a process write to the store at once."""

from collections.abc import Generator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock


class WriteLimiter:
    """Bounds the batches that a process writes at once; not while it catches up, when no server depends on it."""

    def __init__(self, at_once: int) -> None:
        self._slots = BoundedSemaphore(at_once)
        self._writing = 0
        self._counting = Lock()

    @property
    def is_writing(self) -> bool:
        """Whether some thread writes a batch that a server depends on."""
        return self._writing > 0

    @contextmanager
    def slot(self, catching_up: bool) -> Generator[None]:
        """Held while one batch is written; entering blocks until there is room."""
        if catching_up:
            yield
            return
        with self._slots:
            self._count(1)
            try:
                yield
            finally:
                self._count(-1)

    def _count(self, change: int) -> None:
        with self._counting:
            self._writing += change
