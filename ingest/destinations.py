"""Where a role writes: the store or the refined topic."""

import logging
import time
from threading import Lock
from typing import Protocol

from common.errors import StoreUnavailable
from common.retention import Retention
from common.settings.ingest import IngestSettings
from common.settings.kafka import KafkaSettings
from common.store.worker_status import WorkerStatus
from ingest.batch import E_contra
from ingest.events import Event, Follow
from ingest.loop import Sink
from ingest.metrics import StoreMetrics, WorkerFigures
from ingest.write.refined_topic import RefinedTopicSink
from ingest.write.store import PostStore

_log = logging.getLogger("thunder.ingest")


class Destination(Protocol[E_contra]):
    """What the threads of a role write to. open() comes first."""

    def open(self) -> None:
        """Prepare it. StoreUnavailable when the same call may succeed later. Blocks."""
        ...

    def sink(self) -> Sink[E_contra]:
        """A sink for one thread."""
        ...

    @property
    def lineage(self) -> str:
        """Names the data that it holds now, empty for nothing that could be lost. For any thread."""
        ...

    def needed_since(self, now: int) -> int:
        """From when (Unix s) the source topic must be read to fill it anew."""
        ...

    def look(self) -> None:
        """Notice data that began anew. For one thread, called about once a second. StoreUnavailable. Blocks."""
        ...

    def show(self, figures: WorkerFigures) -> None:
        """Show whoever looks how this worker does. Like look(), and after it."""
        ...

    def report(self, topic: str, partition: int, lineage: str, partitions: int) -> None:
        """The partition of the source topic, which has so many, has caught up with the data of this lineage.

        For any thread. StoreUnavailable.
        """
        ...

    def measure(self) -> None:
        """Bring its metrics up to date. For one thread, called now and then. Blocks."""
        ...


class StoreDestination:
    """Redis. Its servers wait for the reports before they are ready."""

    def __init__(self, settings: IngestSettings, metrics: StoreMetrics) -> None:
        self._store = PostStore(settings)
        self._retention = Retention(settings.post_retention_seconds, settings.clock_skew_seconds)
        self._asking = Lock()
        self._metrics = metrics
        self._posts: int | None = None

    def open(self) -> None:
        """See Destination. StoreMismatch when this store must not be written."""
        self._store.open()

    def sink(self) -> Sink[Event]:
        """See Destination."""
        return self._store.writer()

    @property
    def lineage(self) -> str:
        """See Destination."""
        return self._store.lineage

    def needed_since(self, now: int) -> int:
        """See Destination. A message may be older than its post by the skew."""
        return max(0, self._retention.oldest(now) - self._retention.skew_seconds)

    def look(self) -> None:
        """See Destination. StoreMismatch when this store must not be written any more."""
        with self._asking:
            self._store.look()

    def show(self, figures: WorkerFigures) -> None:
        """See Destination."""
        with self._asking:
            self._store.show(WorkerStatus(time.time(), figures.applied, figures.lag, self._posts))

    def report(self, topic: str, partition: int, lineage: str, partitions: int) -> None:
        """See Destination."""
        with self._asking:
            self._store.report(topic, partition, lineage, partitions)

    def measure(self) -> None:
        """See Destination."""
        try:
            estimate = self._store.estimate()
        except StoreUnavailable as reason:
            _log.warning("No estimate of the store: %s", reason)
        else:
            self._metrics.estimated(estimate)
            self._posts = estimate.posts


class TopicDestination:
    """The refined topic. Nobody waits for its writers."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    def open(self) -> None:
        """See Destination: there is nothing to prepare."""

    def sink(self) -> Sink[Event]:
        """See Destination."""
        return RefinedTopicSink(self._settings)

    @property
    def lineage(self) -> str:
        """See Destination: what a topic holds is not lost."""
        return ""

    def needed_since(self, now: int) -> int:
        """See Destination: it is never filled anew."""
        return now

    def look(self) -> None:
        """See Destination: there is nothing to notice."""

    def show(self, figures: WorkerFigures) -> None:
        """See Destination: nobody looks."""

    def report(self, topic: str, partition: int, lineage: str, partitions: int) -> None:
        """See Destination: nobody asks."""

    def measure(self) -> None:
        """See Destination: a topic has no sizes to show."""


class FollowDestination:
    """The follow lists in Redis. No server waits for them: an old list is better than no answer."""

    def __init__(self, settings: IngestSettings) -> None:
        self._store = PostStore(settings)

    def open(self) -> None:
        """See Destination. StoreMismatch when this store must not be written."""
        self._store.open()

    def sink(self) -> Sink[Follow]:
        """See Destination."""
        return self._store.follow_writer()

    @property
    def lineage(self) -> str:
        """See Destination."""
        return self._store.lineage

    def needed_since(self, now: int) -> int:
        """See Destination: a follow does not expire, so all that the topic holds."""
        return 0

    def look(self) -> None:
        """See Destination. StoreMismatch when this store must not be written any more."""
        self._store.look()

    def show(self, figures: WorkerFigures) -> None:
        """See Destination: who looks asks for posts."""

    def report(self, topic: str, partition: int, lineage: str, partitions: int) -> None:
        """See Destination: who waits waits for posts."""

    def measure(self) -> None:
        """See Destination: what is measured of the store is its posts."""
