"""How many threads of a process write at once."""

from contextlib import AbstractContextManager, nullcontext
from threading import BoundedSemaphore


class WriteGate:
    """Shared by the threads of a process. Catching up is not held back: nobody is served yet."""

    def __init__(self, at_once: int) -> None:
        self._slots = BoundedSemaphore(at_once)

    def slot(self, catching_up: bool) -> AbstractContextManager[object]:
        """To be held while one batch is written; entering blocks until there is room."""
        return nullcontext() if catching_up else self._slots
