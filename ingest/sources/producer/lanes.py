"""The queue between a source and its workers: a lane for each worker, bounded over all of them."""

import threading
from collections import deque
from typing import Generic, TypeVar

from common.errors import ThunderError

E = TypeVar("E")


class ProducerClosed(ThunderError):
    """The producer was closed and takes nothing more."""


class ShardedQueue(Generic[E]):
    """What is in here, or taken and not yet settled, is never more than the size: it bounds memory. For any thread."""

    def __init__(self, count: int, size: int) -> None:
        """A number of lanes that share the size."""
        self._size = size
        self._lanes = [deque[E]() for _ in range(count)]
        self._unsettled = 0
        self._closed = False
        lock = threading.Lock()
        self._filled = [threading.Condition(lock) for _ in range(count)]
        self._settled = threading.Condition(lock)

    def offer(self, lane: int, entry: E, seconds: float = 0.0) -> bool:
        """Put it at the end of a lane, after a wait for room of at most so long. False: there is none.

        ProducerClosed, also while it waits.
        """
        with self._settled:
            if not self._has_room() and not self._settled.wait_for(self._has_room, seconds):
                return False
            if self._closed:
                raise ProducerClosed
            self._unsettled += 1
            self._lanes[lane].append(entry)
            if len(self._lanes[lane]) == 1:
                self._filled[lane].notify()
            return True

    def take(self, lane: int, seconds: float | None) -> list[E] | None:
        """All that waits in a lane; nothing after so many seconds (None: ever); None when it is closed and empty."""
        with self._filled[lane]:
            self._filled[lane].wait_for(lambda: self._lanes[lane] or self._closed, seconds)
            if self._closed and not self._lanes[lane]:
                return None
            return self._emptied(lane)

    def settle(self, count: int) -> None:
        """So many that were taken are acknowledged or given up: there is room for others."""
        with self._settled:
            self._unsettled -= count
            self._settled.notify_all()

    def close(self) -> None:
        """Take nothing more in. What is in here can still be taken."""
        with self._settled:
            self._closed = True
            for condition in (*self._filled, self._settled):
                condition.notify_all()

    def clear(self) -> list[E]:
        """Take what no worker has taken."""
        with self._settled:
            return [entry for lane in range(len(self._lanes)) for entry in self._emptied(lane)]

    def wait_until_settled(self, seconds: float) -> bool:
        """Whether all is settled within so many seconds."""
        with self._settled:
            return self._settled.wait_for(lambda: self._unsettled == 0, seconds)

    @property
    def unsettled(self) -> int:
        """How many are in here or on their way."""
        return self._unsettled

    @property
    def closed(self) -> bool:
        """Whether nothing more is taken in."""
        return self._closed

    @property
    def is_finished(self) -> bool:
        """Whether nothing more is taken in and all is settled."""
        return self._closed and self._unsettled == 0

    def _has_room(self) -> bool:
        return self._unsettled < self._size or self._closed

    def _emptied(self, lane: int) -> list[E]:
        entries = list(self._lanes[lane])
        self._lanes[lane].clear()
        return entries
