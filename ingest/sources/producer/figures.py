"""Numbers of a producer, kept by several threads."""

import threading
from typing import NamedTuple


class ProducerFigures(NamedTuple):
    """Since the start, in items: what was taken in is the sum of queued, produced and failed.

    queued: waiting or on their way. produced: acknowledged by Kafka, in so many messages of so many bytes (keys and
    values, before compression). failed: given up. dropped: found the queue full and were not taken in.
    """

    queued: int
    produced: int
    failed: int
    dropped: int
    messages: int
    bytes: int


class Tally:
    """Counts what became of items."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = ProducerFigures(0, 0, 0, 0, 0, 0)

    def add(self, produced: int = 0, failed: int = 0, dropped: int = 0, messages: int = 0, bytes_: int = 0) -> None:
        """Count so many more."""
        with self._lock:
            old = self._counts
            self._counts = ProducerFigures(
                0,
                old.produced + produced,
                old.failed + failed,
                old.dropped + dropped,
                old.messages + messages,
                old.bytes + bytes_,
            )

    def figures(self, queued: int) -> ProducerFigures:
        """The counts so far, beside what is queued now."""
        return self._counts._replace(queued=queued)
