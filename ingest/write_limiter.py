"""Bounds the batches that the threads of a process write to the store at once."""

from contextlib import AbstractContextManager, nullcontext
from threading import BoundedSemaphore


class WriteLimiter:
    """Bounds the batches that a process writes at once; not while it catches up, when no server depends on it."""

    def __init__(self, at_once: int) -> None:
        self._slots = BoundedSemaphore(at_once)

    def slot(self, catching_up: bool) -> AbstractContextManager[object]:
        """Held while one batch is written; entering blocks until there is room."""
        return nullcontext() if catching_up else self._slots
