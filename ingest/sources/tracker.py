"""Keeps the counts and the progress of a source while several threads add to them."""

import threading

from ingest.events import Event, Follow
from ingest.sources.addressing import TrackedEvent
from ingest.sources.message import Disposition, ParsedMessage
from ingest.sources.producer.delivery_reports import ProducerFigures
from ingest.sources.producer.outgoing import DeliveryFailure
from ingest.sources.statistics import Counts, MessageCounts


class DeliveryTracker:
    """What was heard, in the order in which it was, and what became of it. For any thread, never blocks for long."""

    def __init__(self, position: str) -> None:
        """Position: where the source begins, empty: at its own start."""
        self._lock = threading.Lock()
        self._counts = MessageCounts()
        self._progress = ResumePosition(position)

    @property
    def position(self) -> str:
        """Where to resume to miss nothing that is not acknowledged."""
        with self._lock:
            return self._progress.position

    def passed(self, heard: ParsedMessage) -> None:
        """A message is ignored or dropped."""
        with self._lock:
            self._counts.heard(heard)
            self._progress.passed(heard.position)

    def sending(self, event: Event | Follow, position: str) -> TrackedEvent:
        """A message is about to be queued: queued() or dropped() follows, unless it was in vain."""
        with self._lock:
            return TrackedEvent(self._progress.sent(position), event)

    def queued(self, heard: ParsedMessage) -> None:
        """The message has its place in the queue."""
        with self._lock:
            self._counts.heard(heard)

    def dropped(self, sending: TrackedEvent) -> None:
        """The queue had no room, and the settings say that it may be missed."""
        with self._lock:
            self._counts.dropped_when_full()
            self._progress.acknowledged(sending.number)

    def delivered(self, sending: TrackedEvent, failure: DeliveryFailure | None) -> None:
        """Kafka has acknowledged the event, or it was given up: then the source resumes before it next time."""
        if failure is None:
            with self._lock:
                self._progress.acknowledged(sending.number)

    def counts(self, figures: ProducerFigures, reconnects: int) -> Counts:
        """The counts so far, beside those that others keep."""
        with self._lock:
            sent, ignored, dropped = (
                self._counts.of(fate) for fate in (Disposition.SENT, Disposition.IGNORED, Disposition.DROPPED)
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
    """Follows the positions of messages in the order in which they are heard, and what is acknowledged in any order."""

    def __init__(self, position: str) -> None:
        """Position: where the source begins, empty: at its own start."""
        self._latest = position
        self._awaited: dict[int, str] = {}  # by number of a sent message: the position that was heard before it
        self._sent = 0

    @property
    def position(self) -> str:
        """Right before the oldest message that is not acknowledged; what was given up stays there for ever."""
        return next(iter(self._awaited.values()), self._latest)

    def passed(self, position: str) -> None:
        """A message was heard of which nothing is to be acknowledged. It may have no position."""
        self._latest = position or self._latest

    def sent(self, position: str) -> int:
        """A message was heard that is acknowledged later. Return the number to name it by."""
        self._sent += 1
        self._awaited[self._sent] = self._latest
        self.passed(position)
        return self._sent

    def acknowledged(self, number: int) -> None:
        """The message of that number is."""
        del self._awaited[number]
