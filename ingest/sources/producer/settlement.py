"""Tells the caller what became of each item, counts it and makes room for another."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic

from common.timing import RateLimiter
from ingest.sources.producer.figures import Tally
from ingest.sources.producer.first_failure import FirstFailure
from ingest.sources.producer.lanes import ShardedQueue
from ingest.sources.producer.parcel import DeliveryFailure, QueuedItem, T
from ingest.sources.producer.transport import Report

OnDelivery = Callable[[T, DeliveryFailure | None], object]
"""Told of each item once: None when it is acknowledged. From threads of the producer, one at a time; must not block."""

_SECONDS_BETWEEN_LINES = 10.0

_log = logging.getLogger("thunder.producer")


class DeliveryReports(Generic[T]):
    """The end of each item's way. For any thread."""

    def __init__(
        self, lanes: ShardedQueue[QueuedItem[T]], tally: Tally, on_delivery: OnDelivery[T], failure: FirstFailure
    ) -> None:
        """An error of on_delivery becomes the failure of the producer; the items after it are settled all the same."""
        self._lanes = lanes
        self._tally = tally
        self._on_delivery = on_delivery
        self._failure = failure
        self._one_at_a_time = threading.Lock()
        self._throttle = RateLimiter(_SECONDS_BETWEEN_LINES)

    def settle(self, reports: Sequence[Report[T]]) -> None:
        """These messages are acknowledged or given up."""
        for parcel, failure, settled in reports:
            self._tell(parcel.topic, parcel.items, failure)
            if settled is not None:
                settled.set()
        self._tally.produced([report.parcel for report in reports if report.failure is None])
        self._lanes.settle(sum(len(report.parcel.items) for report in reports))

    def unsent(self, entries: Sequence[QueuedItem[T]], reason: str = "not sent before the end") -> None:
        """These never became messages."""
        for entry in entries:
            self._tell(entry.address.topic, (entry.item,), DeliveryFailure(reason))
        self._lanes.settle(len(entries))

    def _tell(self, topic: str, items: Sequence[T], failure: DeliveryFailure | None) -> None:
        with self._one_at_a_time:
            if failure is not None:
                self._count_failed(topic, len(items), failure)
            for item in items:
                try:
                    self._on_delivery(item, failure)
                except Exception as error:  # noqa: BLE001 - whatever it is, it surfaces at the next put()
                    self._failure.note(error)

    def _count_failed(self, topic: str, count: int, failure: DeliveryFailure) -> None:
        failed = self._tally.failed(count)
        if self._throttle.allow(time.monotonic()):
            _log.warning("Events not delivered so far: %d; the latest to %s: %s", failed, topic, failure.reason)
