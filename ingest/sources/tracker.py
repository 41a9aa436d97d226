"""Tracks the messages of a source until they are delivered: counts, and the position to resume from."""

import threading
from typing import NamedTuple

from ingest.events import Event, Follow
from ingest.sources.message import Disposition, ParsedMessage
from ingest.sources.producer.delivery_reports import ProducerFigures
from ingest.sources.producer.outgoing import DeliveryFailure
from ingest.sources.statistics import Counts, MessageCounts


class TrackedEvent(NamedTuple):
    """An event in flight, by its number in the tracker."""

    number: int
    event: Event | Follow


class DeliveryTracker:
    """Records messages in the order in which they are received. For any thread, never blocks for long."""

    def __init__(self, position: str) -> None:
        """Position: where the source starts, empty: at its own start."""
        self._lock = threading.Lock()
        self._counts = MessageCounts()
        self._progress = ResumePosition(position)

    @property
    def position(self) -> str:
        """Position right before the oldest message that is not acknowledged."""
        with self._lock:
            return self._progress.position

    def passed(self, parsed: ParsedMessage) -> None:
        """Count a message that is ignored or dropped."""
        with self._lock:
            self._counts.add(parsed)
            self._progress.passed(parsed.position)

    def sending(self, event: Event | Follow, position: str) -> TrackedEvent:
        """Track a message that is about to be queued; queued() or dropped() follows."""
        with self._lock:
            return TrackedEvent(self._progress.sent(position), event)

    def queued(self, parsed: ParsedMessage) -> None:
        """Count a message that is in the queue."""
        with self._lock:
            self._counts.add(parsed)

    def dropped(self, tracked: TrackedEvent) -> None:
        """Count an event for which the queue had no room."""
        with self._lock:
            self._counts.dropped_when_full()
            self._progress.acknowledged(tracked.number)

    def delivered(self, tracked: TrackedEvent, failure: DeliveryFailure | None) -> None:
        """Take the delivery report of an event; after a failure the next run resumes before it."""
        if failure is None:
            with self._lock:
                self._progress.acknowledged(tracked.number)

    def counts(self, figures: ProducerFigures, reconnects: int) -> Counts:
        """Counts so far, together with those of the producer and the source."""
        with self._lock:
            sent, ignored, dropped = (
                self._counts.of(disposition)
                for disposition in (Disposition.SENT, Disposition.IGNORED, Disposition.DROPPED)
            )
            return Counts(
                received=self._counts.received,
                produced=figures.produced,
                failed=figures.failed,
                bad_dates=self._counts.bad_dates,
                reconnects=reconnects,
                sent=sent,
                ignored=ignored,
                dropped=dropped,
            )


class ResumePosition:
    """Computes where to resume, from messages in the order received and acknowledgements in any order."""

    def __init__(self, position: str) -> None:
        """Position: where the source starts, empty: at its own start."""
        self._latest = position
        self._awaited: dict[int, str] = {}  # by number of a sent message: the position before it
        self._sent = 0

    @property
    def position(self) -> str:
        """Position right before the oldest unacknowledged message; a failed one is never acknowledged."""
        return next(iter(self._awaited.values()), self._latest)

    def passed(self, position: str) -> None:
        """Pass a message that needs no acknowledgement. It may have no position."""
        self._latest = position or self._latest

    def sent(self, position: str) -> int:
        """Await the acknowledgement of a message. Return its number."""
        self._sent += 1
        self._awaited[self._sent] = self._latest
        self.passed(position)
        return self._sent

    def acknowledged(self, number: int) -> None:
        """Take the acknowledgement of a message."""
        del self._awaited[number]
