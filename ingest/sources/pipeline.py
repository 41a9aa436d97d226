"""A source at work: what it says goes to Kafka, and is accounted for."""

import logging
import time

from common.errors import ThunderError
from common.kafka.cluster import KafkaCluster
from common.kafka.topics import Creation, TopicConfiguration
from common.lifecycle import Stop
from common.settings.source import SourceSettings
from ingest.sources.addressing import TrackedEvent, addressing
from ingest.sources.catalogue import OpenedSource
from ingest.sources.producer.queued_producer import QueuedProducer
from ingest.sources.rates import RateMeter
from ingest.sources.runner import SourceRunner
from ingest.sources.statistics import Counts, Statistics
from ingest.sources.tracker import DeliveryTracker

_log = logging.getLogger("thunder.source")


class Undelivered(ThunderError):
    """Not everything that should have been sent was acknowledged by Kafka."""


class SourcePipeline:
    """Waits for Kafka, then pumps until the source ends or the stop is set. What it tells is for any thread."""

    def __init__(self, settings: SourceSettings, opened: OpenedSource, position: str, stop: Stop) -> None:
        """Position: where the source begins, empty: at its own start. ConfigurationError."""
        self._settings = settings
        self._opened = opened
        self._stop = stop
        self._begins_at = position
        self._ledger = DeliveryTracker(position)
        self._producer = QueuedProducer[TrackedEvent](
            settings, addressing(settings.topic, settings.follows_topic), self._ledger.delivered
        )
        self._pump = SourceRunner(opened.source, self._producer, self._ledger, stop.is_set)
        self._waiting_for: str | None = "Kafka"
        self._meter = RateMeter(time.monotonic())

    def run(self) -> None:
        """Return when the source has ended or the stop is set; the stop is set then. Raises what either end died of."""
        try:
            if self._find_topics():
                self._waiting_for = None
                self._meter = RateMeter(time.monotonic())
                self._pump.run(self._begins_at)
        finally:
            self._stop.set()

    def not_ready(self) -> str | None:
        """What is waited for; None once the source is listened to."""
        return self._waiting_for

    def close(self) -> None:
        """Send what is queued, for at most as long as the settings allow; the rest has failed."""
        self._producer.close(self._settings.shutdown_grace_seconds)

    def check_delivered(self) -> None:
        """Raise Undelivered when something was given up."""
        failed = self._producer.figures().failed
        if failed:
            raise Undelivered(f"{Undelivered.__doc__} Events given up: {failed}")

    @property
    def position(self) -> str:
        """Where a later run resumes; empty when it is to begin anew."""
        return self._ledger.position if self._opened.is_live else ""

    def counts(self) -> Counts:
        """What was heard so far, and what became of it."""
        return self._ledger.counts(self._producer.figures(), self._opened.source.reconnects)

    def queued(self) -> int:
        """Events that are queued or on their way."""
        return self._producer.figures().queued

    def statistics(self) -> Statistics:
        """How it does now. For one thread."""
        counts = self.counts()
        return Statistics(counts, self.queued(), self._meter.sample(time.monotonic(), counts.received, counts.produced))

    def _find_topics(self) -> bool:
        """Whether Kafka has what is written, before the stop is set."""
        cluster = KafkaCluster(self._settings.producer_connection)
        if not cluster.wait_for_topic_to_write(self._settings.topic, self._stop):
            return False
        if self._opened.has_follows:
            self._create_follows_topic(cluster)
        return True

    def _create_follows_topic(self, cluster: KafkaCluster) -> None:
        """Unless it is there; a source that says little of follows need not wait until somebody has created it."""
        [follows] = cluster.create_topics([TopicConfiguration(self._settings.follows_topic)])
        if follows.creation is Creation.FAILED:
            _log.warning("Kafka topic %s is missing and could not be created: %s", follows.name, follows.reason)
