"""Counts events from put() to their delivery report, and bounds how many are in between."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple

from common.errors import ThunderError
from common.timing import RateLimiter
from ingest.sources.producer.outgoing import DeliveryFailure, DeliveryReport, OutgoingMessage, T

OnDelivery = Callable[[T, DeliveryFailure | None], object]
"""Called once for each item: None when it is acknowledged. From any thread, one call at a time; must not block."""

_SECONDS_BETWEEN_LINES = 10.0

_log = logging.getLogger("thunder.producer")


class ProducerClosed(ThunderError):
    """The producer is closed and takes nothing more."""


class ProducerFigures(NamedTuple):
    """Items since the start; those taken in are the sum of queued, produced and failed.

    queued: waiting or in flight. produced: acknowledged by Kafka, in `messages` of `bytes` (keys and values, before
    compression). failed: not acknowledged in time. dropped: not taken in because the queue was full.
    """

    queued: int
    produced: int
    failed: int
    dropped: int
    messages: int
    bytes: int


class DeliveryReports(Generic[T]):
    """Admits events while there is room, and settles them by their delivery reports. For any thread."""

    def __init__(self, size: int, on_delivery: OnDelivery[T], on_error: Callable[[Exception], object]) -> None:
        """Size: events admitted and not settled, at most. on_error takes what on_delivery raises."""
        self._size = size
        self._on_delivery = on_delivery
        self._on_error = on_error
        self._figures = ProducerFigures(0, 0, 0, 0, 0, 0)
        self._queued = 0
        self._closed = False
        self._changed = threading.Condition()
        self._one_at_a_time = threading.Lock()
        self._failure_lines = RateLimiter(_SECONDS_BETWEEN_LINES)
        self._drop_lines = RateLimiter(_SECONDS_BETWEEN_LINES)

    @property
    def figures(self) -> ProducerFigures:
        """The counts so far."""
        return self._figures._replace(queued=self._queued)

    @property
    def is_closed(self) -> bool:
        """Whether nothing more is admitted."""
        return self._closed

    @property
    def is_finished(self) -> bool:
        """Whether nothing more is admitted and all is settled."""
        return self._closed and not self._queued

    def admit(self, seconds: float = 0.0) -> bool:
        """Count one more event as queued, after waiting these seconds for room; False: no room. ProducerClosed."""
        with self._changed:
            if not self._has_room() and not self._changed.wait_for(self._has_room, seconds):
                return False
            if self._closed:
                raise ProducerClosed
            self._queued += 1
            return True

    def drop(self) -> None:
        """Count an event that was not admitted."""
        with self._one_at_a_time:
            self._figures = self._figures._replace(dropped=self._figures.dropped + 1)
            if self._drop_lines.allow(time.monotonic()):
                _log.warning("The queue is full; events dropped so far: %d", self._figures.dropped)

    def settle(self, reports: Sequence[DeliveryReport[T]]) -> None:
        """Report each item to the caller, count it, and make room for as many others."""
        with self._one_at_a_time:
            self._count_delivered([report.message for report in reports if report.failure is None])
            for message, failure in reports:
                if failure is not None:
                    self._count_failed(message, failure)
                for item in message.items:
                    self._report(item, failure)
        with self._changed:
            self._queued -= sum(len(report.message.items) for report in reports)
            self._changed.notify_all()

    def close(self) -> None:
        """Admit nothing more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait_until_settled(self, seconds: float) -> bool:
        """Whether all is settled within these seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._queued, seconds)

    def _has_room(self) -> bool:
        return self._queued < self._size or self._closed

    def _report(self, item: T, failure: DeliveryFailure | None) -> None:
        try:
            self._on_delivery(item, failure)
        except Exception as error:  # noqa: BLE001 - any error surfaces at the next put()
            self._on_error(error)

    def _count_delivered(self, messages: Sequence[OutgoingMessage[T]]) -> None:
        figures = self._figures
        self._figures = figures._replace(
            produced=figures.produced + sum(len(message.items) for message in messages),
            messages=figures.messages + len(messages),
            bytes=figures.bytes + sum(len(message.key or b"") + len(message.value) for message in messages),
        )

    def _count_failed(self, message: OutgoingMessage[T], failure: DeliveryFailure) -> None:
        failed = self._figures.failed + len(message.items)
        self._figures = self._figures._replace(failed=failed)
        if self._failure_lines.allow(time.monotonic()):
            _log.warning("Events not delivered so far: %d; the latest to %s: %s", failed, message.topic, failure.reason)
