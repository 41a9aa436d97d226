"""Puts the messages of a source into the producer, one after the other, and logs those that are dropped."""

import logging
import time
from collections.abc import Callable
from typing import Protocol

from common.errors import TooManyBadMessages
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
        self._first_messages = FirstMessages(source.name)

    def run(self, position: str) -> None:
        """Run from the position on. Blocks. Raises TooManyBadMessages, and what the source and the outlet raise."""
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
            now = time.monotonic()
            self._drop_log.dropped(parsed, now)
            self._first_messages.dropped(parsed, now)
        else:
            self._first_messages.readable()

    def _send(self, parsed: ParsedMessage, event: Event | Follow) -> bool:
        """Whether to go on. An event that finds the producer closed is not counted: the next run receives it again."""
        self._first_messages.readable()
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


class FirstMessages:
    """Ends a source whose first messages are all unreadable: it is not what this source reads.

    Such as a wrong address, a compressed stream or another version of its format. One readable message is enough.
    """

    def __init__(self, source: str, most: int = 1000, seconds: float = 60.0) -> None:
        self._source = source
        self._most = most
        self._seconds = seconds
        self._began: float | None = None
        self._dropped = 0
        self._has_readable = False

    def readable(self) -> None:
        """Take a message that was read."""
        self._has_readable = True

    def dropped(self, parsed: ParsedMessage, now: float) -> None:
        """Take a message that was not. now: seconds of any clock. Raises TooManyBadMessages."""
        if self._has_readable:
            return
        self._dropped += 1
        self._began = now if self._began is None else self._began
        if self._dropped >= self._most or now - self._began >= self._seconds:
            raise TooManyBadMessages(
                f"{self._source}: none of the first {self._dropped:,} messages is readable (the last one: "
                f"{parsed.label}, {one_short_line(parsed.detail)}); check the address and the format of the stream"
            )


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
