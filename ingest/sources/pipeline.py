"""Connects a source to the producer: topics, runner, tracker, throughput."""

import logging
import time
from collections.abc import Callable

from common.errors import ThunderError
from common.kafka.cluster import KafkaCluster
from common.kafka.topics import Creation, TopicConfiguration
from common.lifecycle import Stop
from common.settings.source import SourceSettings
from ingest.decode.follow_event import encode_follow, follow_key
from ingest.decode.refined_event import encode_event, event_key
from ingest.events import Follow
from ingest.sources.catalogue import OpenedSource
from ingest.sources.producer.outgoing import Addressed
from ingest.sources.producer.queued_producer import QueuedProducer
from ingest.sources.rates import RateMeter
from ingest.sources.runner import SourceRunner
from ingest.sources.statistics import Counts, Statistics
from ingest.sources.tracker import DeliveryTracker, TrackedEvent

_log = logging.getLogger("thunder.source")


class Undelivered(ThunderError):
    """Kafka has not acknowledged every event."""


class SourcePipeline:
    """Waits for Kafka, then runs the source until it ends or the stop is set. Its state may be read by any thread."""

    def __init__(self, settings: SourceSettings, opened: OpenedSource, position: str, stop: Stop) -> None:
        """Position: where the source starts, empty: at its own start. ConfigurationError."""
        self._settings = settings
        self._opened = opened
        self._stop = stop
        self._position = position
        self._tracker = DeliveryTracker(position)
        self._producer = QueuedProducer[TrackedEvent](
            settings, addressing(settings.topic, settings.follows_topic), self._tracker.delivered
        )
        self._runner = SourceRunner(opened.source, self._producer, self._tracker, stop.is_set)
        self._waiting_for: str | None = "Kafka"
        self._meter = RateMeter(time.monotonic())

    def run(self) -> None:
        """Run until the source ends or the stop is set, and set it. Raises what source and producer raise."""
        try:
            if self._find_topics():
                self._waiting_for = None
                self._meter = RateMeter(time.monotonic())
                self._runner.run(self._position)
        finally:
            self._stop.set()

    def not_ready(self) -> str | None:
        """Dependency that is waited for; None once the source is running."""
        return self._waiting_for

    def close(self) -> None:
        """Send what is queued, for at most as long as the settings allow; the rest has failed."""
        self._producer.close(self._settings.shutdown_grace_seconds)

    def check_delivered(self) -> None:
        """Raise Undelivered when an event was not delivered."""
        failed = self._producer.figures().failed
        if failed:
            raise Undelivered(f"{Undelivered.__doc__} Events not delivered: {failed}")

    @property
    def position(self) -> str:
        """Position at which a later run resumes; empty when it starts over."""
        return self._tracker.position or self._opened.source.first_position if self._opened.is_live else ""

    def counts(self) -> Counts:
        """Counts of the messages so far."""
        return self._tracker.counts(self._producer.figures(), self._opened.source.reconnects)

    def queued(self) -> int:
        """Events that are queued or in flight."""
        return self._producer.figures().queued

    def statistics(self) -> Statistics:
        """State of the source now. For one thread."""
        counts = self.counts()
        return Statistics(counts, self.queued(), self._meter.sample(time.monotonic(), counts.received, counts.produced))

    def _find_topics(self) -> bool:
        """Wait until Kafka has the topic to write; False when the stop is set first."""
        cluster = KafkaCluster(self._settings.producer_connection)
        if not cluster.wait_for_topic_to_write(self._settings.topic, self._stop):
            return False
        if self._opened.has_follows:
            self._create_follows_topic(cluster)
        return True

    def _create_follows_topic(self, cluster: KafkaCluster) -> None:
        """Create the topic of follows unless it exists; a source with few follows need not wait for it."""
        [follows] = cluster.create_topics([TopicConfiguration(self._settings.follows_topic)])
        if follows.creation is Creation.FAILED:
            _log.warning("Kafka topic %s is missing and could not be created: %s", follows.name, follows.reason)


def addressing(topic: str, follows_topic: str) -> Callable[[TrackedEvent], Addressed]:
    """Encoder of events: follows to their topic, all others to the refined one."""

    def address(tracked: TrackedEvent) -> Addressed:
        event = tracked.event
        if isinstance(event, Follow):
            return Addressed(follows_topic, follow_key(event), encode_follow(event))
        return Addressed(topic, event_key(event), encode_event(event))

    return address
