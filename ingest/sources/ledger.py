"""Keeps the counts and the progress of a source while several threads add to them."""

import threading

from ingest.events import Event, Follow
from ingest.sources.addressing import Sending
from ingest.sources.producer.figures import ProducerFigures
from ingest.sources.producer.parcel import DeliveryFailure
from ingest.sources.progress import Progress
from ingest.sources.source import Fate, Heard
from ingest.sources.statistics import Counts, HeardCounts


class Ledger:
    """What was heard, in the order in which it was, and what became of it. For any thread, never blocks for long."""

    def __init__(self, position: str) -> None:
        """Position: where the source begins, empty: at its own start."""
        self._lock = threading.Lock()
        self._counts = HeardCounts()
        self._progress = Progress(position)

    @property
    def position(self) -> str:
        """Where to resume to miss nothing that is not acknowledged."""
        with self._lock:
            return self._progress.position

    def passed(self, heard: Heard) -> None:
        """A message is ignored or dropped."""
        with self._lock:
            self._counts.heard(heard)
            self._progress.passed(heard.position)

    def sending(self, event: Event | Follow, position: str) -> Sending:
        """A message is about to be queued: queued() or dropped() follows, unless it was in vain."""
        with self._lock:
            return Sending(self._progress.sent(position), event)

    def queued(self, heard: Heard) -> None:
        """The message has its place in the queue."""
        with self._lock:
            self._counts.heard(heard)

    def dropped(self, sending: Sending) -> None:
        """The queue had no room, and the settings say that it may be missed."""
        with self._lock:
            self._counts.dropped_when_full()
            self._progress.acknowledged(sending.number)

    def delivered(self, sending: Sending, failure: DeliveryFailure | None) -> None:
        """Kafka has acknowledged the event, or it was given up: then the source resumes before it next time."""
        if failure is None:
            with self._lock:
                self._progress.acknowledged(sending.number)

    def counts(self, figures: ProducerFigures, reconnects: int) -> Counts:
        """The counts so far, beside those that others keep."""
        with self._lock:
            sent, ignored, dropped = (self._counts.of(fate) for fate in (Fate.SENT, Fate.IGNORED, Fate.DROPPED))
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
