"""Puts the messages of a source into the producer, one after the other, and logs those that are dropped."""

import logging
import time
from collections.abc import Callable
from typing import Protocol

from common.telemetry.logs import one_short_line
from common.timing import RateLimiter
from ingest.events import Event, Follow
from ingest.sources.message import Disposition, ParsedMessage, Source
from ingest.sources.producer.delivery_reports import ProducerClosed
from ingest.sources.tracker import DeliveryTracker, TrackedEvent

_log = logging.getLogger("thunder.source")


class Outlet(Protocol):
    """The part of a QueuedProducer that a runner needs."""

    def put(self, item: TrackedEvent) -> bool:
        """Queue an event; False when it was dropped. May block."""
        ...


class SourceRunner:
    """Runs a source until it ends or should_stop, and records every message in the tracker."""

    def __init__(
        self, source: Source, outlet: Outlet, tracker: DeliveryTracker, should_stop: Callable[[], bool]
    ) -> None:
        self._source = source
        self._outlet = outlet
        self._tracker = tracker
        self._should_stop = should_stop
        self._drop_log = DropLog(source.name)

    def run(self, position: str) -> None:
        """Run from the position on. Blocks. Raises what the source and the outlet raise."""
        for parsed in self._source.listen(position, self._should_stop):
            if parsed.event is None:
                self._pass(parsed)
            elif not self._send(parsed, parsed.event):
                return
        if not self._should_stop():
            _log.info("%s has ended", self._source.name)

    def _pass(self, parsed: ParsedMessage) -> None:
        self._tracker.passed(parsed)
        if parsed.disposition is Disposition.DROPPED:
            self._drop_log.dropped(parsed, time.monotonic())

    def _send(self, parsed: ParsedMessage, event: Event | Follow) -> bool:
        """Whether to go on. An event that finds the producer closed is not counted: the next run receives it again."""
        tracked = self._tracker.sending(event, parsed.position)
        try:
            is_queued = self._outlet.put(tracked)
        except ProducerClosed:
            return False
        if is_queued:
            self._tracker.queued(parsed)
        else:
            self._tracker.dropped(tracked)
        return True


class DropLog:
    """Logs dropped messages, at most one line per interval."""

    def __init__(self, source: str, interval_seconds: float = 1.0) -> None:
        self._source = source
        self._rate_limit = RateLimiter(interval_seconds)
        self._unlogged = 0

    def dropped(self, parsed: ParsedMessage, now: float) -> None:
        """Log the message, or count it for the next line. now: seconds of any clock."""
        self._unlogged += 1
        if self._rate_limit.allow(now):
            more = f" (and {self._unlogged - 1} more since the last such line)" if self._unlogged > 1 else ""
            detail = one_short_line(parsed.detail)
            _log.warning("%s: a message is dropped, %s: %s%s", self._source, parsed.label, detail, more)
            self._unlogged = 0
