"""Takes a source's messages to the producer, one after the other, and logs those that are dropped."""

import logging
import time
from collections.abc import Callable
from typing import Protocol

from common.telemetry.logs import one_short_line
from common.timing import RateLimiter
from ingest.events import Event, Follow
from ingest.sources.addressing import TrackedEvent
from ingest.sources.message import Disposition, ParsedMessage, Source
from ingest.sources.producer.delivery_reports import ProducerClosed
from ingest.sources.tracker import DeliveryTracker

_log = logging.getLogger("thunder.source")


class Outlet(Protocol):
    """The part of a QueuedProducer that the pump needs."""

    def put(self, item: TrackedEvent) -> bool:
        """Take an event in; False when it was dropped. May block."""
        ...


class SourceRunner:
    """Listens until the source ends or is told to stop. What it hears stands in the ledger."""

    def __init__(
        self, source: Source, outlet: Outlet, ledger: DeliveryTracker, should_stop: Callable[[], bool]
    ) -> None:
        self._source = source
        self._outlet = outlet
        self._ledger = ledger
        self._should_stop = should_stop
        self._drop_log = DropLog(source.name)

    def run(self, position: str) -> None:
        """Begin at the position. Blocks. Raises what the source and the outlet raise."""
        for heard in self._source.listen(position, self._should_stop):
            if heard.event is None:
                self._pass(heard)
            elif not self._send(heard, heard.event):
                return
        if not self._should_stop():
            _log.info("%s has ended", self._source.name)

    def _pass(self, heard: ParsedMessage) -> None:
        self._ledger.passed(heard)
        if heard.fate is Disposition.DROPPED:
            self._drop_log.dropped(heard, time.monotonic())

    def _send(self, heard: ParsedMessage, event: Event | Follow) -> bool:
        """Whether to go on. What finds the producer closed counts as not heard: it is heard again another time."""
        sending = self._ledger.sending(event, heard.position)
        try:
            is_queued = self._outlet.put(sending)
        except ProducerClosed:
            return False
        if is_queued:
            self._ledger.queued(heard)
        else:
            self._ledger.dropped(sending)
        return True


class DropLog:
    """One line for a dropped message, at most one per interval."""

    def __init__(self, source: str, interval_seconds: float = 1.0) -> None:
        self._source = source
        self._throttle = RateLimiter(interval_seconds)
        self._unsaid = 0

    def dropped(self, heard: ParsedMessage, now: float) -> None:
        """The message could not be read. now: seconds of any clock."""
        self._unsaid += 1
        if self._throttle.allow(now):
            more = f" (and {self._unsaid - 1} more since the last such line)" if self._unsaid > 1 else ""
            detail = one_short_line(heard.detail)
            _log.warning("%s: a message is dropped, %s: %s%s", self._source, heard.label, detail, more)
            self._unsaid = 0
