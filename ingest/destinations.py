"""Where a role writes: the store or the refined topic."""

import logging
from threading import Lock
from typing import Protocol, TypeVar

from common.errors import StoreUnavailable
from common.kafka.settings import KafkaSettings
from common.settings import IngestSettings
from ingest.events import Event, Follow
from ingest.loop import Sink
from ingest.metrics import StoreMetrics
from ingest.store import PostStore
from ingest.topic_sink import TopicSink

E_contra = TypeVar("E_contra", bound=Event | Follow, contravariant=True)

_log = logging.getLogger("thunder.ingest")


class Destination(Protocol[E_contra]):
    """What the threads of a role write to. open() comes first."""

    def open(self) -> None:
        """Prepare it. StoreUnavailable when the same call may succeed later. Blocks."""
        ...

    def sink(self) -> Sink[E_contra]:
        """A sink for one thread."""
        ...

    def report(self, topic: str, partition: int, partitions: int) -> None:
        """The partition of the source topic, which has so many, has caught up. For any thread. StoreUnavailable."""
        ...

    def measure(self) -> None:
        """Bring its metrics up to date. For one thread, called now and then. Blocks."""
        ...


class StoreDestination:
    """Redis. Its servers wait for the reports before they are ready."""

    def __init__(self, settings: IngestSettings, metrics: StoreMetrics) -> None:
        self._store = PostStore(settings)
        self._reporting = Lock()
        self._metrics = metrics

    def open(self) -> None:
        """See Destination. StoreMismatch when this store must not be written."""
        self._store.open()

    def sink(self) -> Sink[Event]:
        """See Destination."""
        return self._store.writer()

    def report(self, topic: str, partition: int, partitions: int) -> None:
        """See Destination."""
        with self._reporting:
            self._store.report(topic, partition, partitions)

    def measure(self) -> None:
        """See Destination."""
        try:
            self._metrics.estimated(self._store.estimate())
        except StoreUnavailable as reason:
            _log.warning("No estimate of the store: %s", reason)


class TopicDestination:
    """The refined topic. Nobody waits for its writers."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    def open(self) -> None:
        """See Destination: there is nothing to prepare."""

    def sink(self) -> Sink[Event]:
        """See Destination."""
        return TopicSink(self._settings)

    def report(self, topic: str, partition: int, partitions: int) -> None:
        """See Destination: nobody asks."""

    def measure(self) -> None:
        """See Destination: a topic has no sizes to show."""
