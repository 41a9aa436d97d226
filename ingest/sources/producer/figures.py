"""Numbers of a producer, kept by several threads."""

import threading
from collections.abc import Collection
from typing import NamedTuple

from ingest.sources.producer.parcel import OutgoingMessage, T


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
    """Counts what became of items. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = ProducerFigures(0, 0, 0, 0, 0, 0)

    def produced(self, parcels: Collection[OutgoingMessage[T]]) -> None:
        """These messages are acknowledged."""
        items = sum(len(parcel.items) for parcel in parcels)
        size = sum(len(parcel.key or b"") + len(parcel.value) for parcel in parcels)
        with self._lock:
            counts = self._counts
            self._counts = counts._replace(
                produced=counts.produced + items, messages=counts.messages + len(parcels), bytes=counts.bytes + size
            )

    def failed(self, count: int) -> int:
        """So many items are given up; how many in all."""
        with self._lock:
            self._counts = self._counts._replace(failed=self._counts.failed + count)
            return self._counts.failed

    def dropped(self) -> int:
        """An item was not taken in; how many in all."""
        with self._lock:
            self._counts = self._counts._replace(dropped=self._counts.dropped + 1)
            return self._counts.dropped

    def figures(self, queued: int) -> ProducerFigures:
        """The counts so far, beside what is queued now."""
        return self._counts._replace(queued=queued)
