"""A role that reads Kafka: waits for what it needs, runs its consumer threads, knows when it is ready."""

import logging
import time
from collections.abc import Callable
from typing import Generic

from common.errors import ConfigurationError, StoreUnavailable
from common.kafka.cluster import KafkaCluster
from common.kafka.topics import Creation, Topics, dead_letter_topic
from common.lifecycle import Stop, ThreadGroup, run_periodically
from common.settings.kafka import KafkaSettings
from common.timing import Backoff, Clock
from ingest.batch import E
from ingest.loop import IngestLoop, WriteLimiter
from ingest.metrics import IngestMetrics
from ingest.wiring import ConsumerThread, Route, make_loop

_LOOK_SECONDS = 0.1
"""How often a role that catches up looks whether it has."""

_WATCH_SECONDS = 1.0
"""How soon a store that began anew is noticed."""

_BACKOFF = Backoff(first=0.2, longest=5.0)

_log = logging.getLogger("thunder.ingest")


class KafkaWorker(Generic[E]):
    """Runs in threads of its own from start() until the stop is set. Everything else is for any thread."""

    def __init__(
        self, settings: KafkaSettings, route: Route[E], stop: Stop, metrics: IngestMetrics, clock: Clock
    ) -> None:
        self._settings = settings
        self._route = route
        self._stop = stop
        self._metrics = metrics
        self._clock = clock
        self._background = ThreadGroup(stop)
        self._loops: list[IngestLoop[E]] = []
        self._waiting_for: str | None = "the start"
        self._on_ready: Callable[[], object] = lambda: None

    def start(self, on_ready: Callable[[], object]) -> None:
        """Begin. on_ready is called once, from a thread of the role."""
        self._on_ready = on_ready
        self._background.start("ingest", self._run)

    def not_ready(self) -> str | None:
        """What is waited for; None when it was ready once: later lag is a metric only."""
        return self._waiting_for

    def join(self, seconds: float) -> None:
        """Wait for all threads after the stop was set, at most so long. Raises what the first dead died of."""
        self._background.join(seconds)

    def _run(self) -> None:
        if not self._open_destination():
            return
        self._background.start("watch", self._watch)
        if self._start_consumers():
            run_periodically(self._settings.lag_monitor_interval_secs, self._stop, self._route.destination.measure)

    def _watch(self) -> None:
        run_periodically(_WATCH_SECONDS, self._stop, self._look_at_destination)

    def _look_at_destination(self) -> None:
        try:
            self._route.destination.look()
            self._route.destination.show(self._metrics.figures())
        except StoreUnavailable as reason:
            _log.debug("The store does not answer: %s", reason)  # who writes to it says so aloud

    def _open_destination(self) -> bool:
        self._waiting_for = "the store"
        attempt = 0
        while not self._stop.is_set():
            try:
                self._route.destination.open()
            except StoreUnavailable as reason:
                _log.warning("Waiting for the store: %s", reason)
                self._stop.wait(_BACKOFF.delay(attempt))
                attempt += 1
            else:
                return True
        return False

    def _start_consumers(self) -> bool:
        started = time.monotonic()
        self._waiting_for = "Kafka"
        partitions = self._find_topics()
        if partitions is None:
            return False
        self._loops = self._make_loops(partitions)
        for number, loop in enumerate(self._loops):
            self._background.start(f"consumer-{number}", loop.run)
        self._waiting_for = f"the events that were in {self._route.topic} at the start"
        while not all(loop.caught_up for loop in self._loops):
            if self._stop.wait(_LOOK_SECONDS):
                return False
        _log.info("Kafka init took %.1fs", time.monotonic() - started)
        self._waiting_for = None
        self._on_ready()
        return True

    def _make_loops(self, partitions: int) -> list[IngestLoop[E]]:
        threads = self._settings.kafka_num_threads
        _log.info(
            "Starting Kafka background tasks: %d thread(s) for %d partition(s) of %s",
            threads,
            partitions,
            self._route.topic,
        )
        gate = WriteLimiter(self._route.writes_at_once)
        return [
            make_loop(
                self._settings,
                self._route,
                ConsumerThread(number, partitions),
                gate,
                self._metrics,
                self._clock,
                self._stop,
            )
            for number in range(threads)
        ]

    def _find_topics(self) -> int | None:
        """Partitions of the source topic once all that is read and written is there; None when told to stop first."""
        settings, route = self._settings, self._route
        cluster = KafkaCluster(settings.consumer_connection)
        topics = cluster.wait_for_topic(route.topic, self._stop)
        if topics is None:
            return None
        partitions = topics[route.topic]
        if route.expected_partitions not in (None, partitions):
            raise ConfigurationError(
                f"topic {route.topic} has {partitions} partitions, the settings say {route.expected_partitions}"
            )
        if settings.producer_connection != settings.consumer_connection:
            cluster = KafkaCluster(settings.producer_connection)
            topics = cluster.wait_for_brokers(self._stop)
        found = topics is not None and self._find_topics_to_write(cluster, topics)
        return partitions if found else None

    def _find_topics_to_write(self, cluster: KafkaCluster, topics: Topics) -> bool:
        """False when told to stop first. A dead-letter topic that cannot be had is no reason to wait."""
        [dead] = cluster.create_topics([dead_letter_topic(self._settings.dead_letter_topic)], topics)
        if dead.creation is Creation.FAILED:
            _log.warning("Kafka topic %s is missing and could not be created: %s", dead.name, dead.reason)
        written = self._route.written_topic
        return written is None or written in topics or cluster.wait_for_topic_to_write(written, self._stop)
