"""Runs a role that reads Kafka: opens its store, finds its topics, starts its consumer threads, reports readiness."""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Generic

from common.errors import ConfigurationError, StoreUnavailable
from common.kafka.cluster import KafkaCluster
from common.kafka.topics import Creation, TopicFacts, Topics, dead_letter_topic
from common.lifecycle import Stop, ThreadGroup, run_periodically
from common.settings.kafka import KafkaSettings
from common.timing import Backoff, Clock
from ingest.batch import E
from ingest.loop import IngestLoop
from ingest.metrics import IngestMetrics
from ingest.wiring import ConsumerThread, Route, StoreHooks, make_loop
from ingest.write_limiter import WriteLimiter

_CAUGHT_UP_CHECK_SECONDS = 0.1
"""Interval between checks whether all threads have caught up."""

_LINEAGE_CHECK_SECONDS = 1.0
"""Interval between checks of the store's lineage; the status is published as often."""

_TOPIC_CHECK_SECONDS = 5.0
"""Interval between looks at the topic, in a thread of its own: partitions are added, it is deleted and made again."""

_CLOCK_CHECK_SECONDS = 1.0
"""Interval between comparisons of the clock with Redis's, in a thread of their own: a silent node delays them."""

_CLOCK_POLL_SECONDS = 0.1

_BACKOFF = Backoff(first=0.2, longest=5.0)

_log = logging.getLogger("thunder.ingest")


class KafkaWorker(Generic[E]):
    """Threads that run from start() until the stop is set. Everything else is for any thread."""

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
        self._topic = TopicFacts(0)
        self._on_ready: Callable[[], object] = lambda: None

    def start(self, on_ready: Callable[[], object]) -> None:
        """Begin. on_ready is called once, from a thread of the role."""
        self._on_ready = on_ready
        self._background.start("ingest", self._run)

    def not_ready(self) -> str | None:
        """Reason why the role is not ready; once it was ready, a wrong clock only: later lag is a metric."""
        hooks = self._route.store_hooks
        return self._waiting_for or (hooks.clock_watch.check.disagreement() if hooks else None)

    def join(self, seconds: float) -> None:
        """Wait at most `seconds` for all threads after the stop was set. Raises the error that ended the first one."""
        self._background.join(seconds)

    def _run(self) -> None:
        hooks = self._route.store_hooks
        if hooks and not self._open_store(hooks):
            return
        if hooks:
            self._background.start("store-watch", partial(self._watch_store, hooks))
            self._background.start("clock-watch", partial(self._watch_clock, hooks))
            if hooks.reports:
                self._background.start("caught-up-reports", partial(hooks.reports.caught_up.run, self._stop))
            if not self._wait_for_clock(hooks):
                return
        if not self._start_consumers():
            return
        if hooks and hooks.reports:
            run_periodically(self._settings.lag_monitor_interval_secs, self._stop, hooks.reports.measure)
        else:
            self._stop.wait()

    def _watch_store(self, hooks: StoreHooks) -> None:
        run_periodically(_LINEAGE_CHECK_SECONDS, self._stop, partial(self._check_store, hooks))

    def _check_store(self, hooks: StoreHooks) -> None:
        try:
            hooks.store.check_lineage()
            if hooks.reports:
                figures = self._metrics.figures()
                hooks.reports.publish_status(time.time(), figures.applied, figures.lag)
        except StoreUnavailable as reason:
            _log.debug("The store does not answer: %s", reason)  # the threads that write to it warn

    def _watch_clock(self, hooks: StoreHooks) -> None:
        run_periodically(_CLOCK_CHECK_SECONDS, self._stop, partial(self._compare_clocks, hooks))

    def _compare_clocks(self, hooks: StoreHooks) -> None:
        try:
            hooks.clock_watch.compare()
        except StoreUnavailable as reason:
            _log.debug("A node of the store does not tell its time: %s", reason)

    def _watch_topic(self) -> None:
        cluster = KafkaCluster(self._settings.consumer_connection)
        run_periodically(_TOPIC_CHECK_SECONDS, self._stop, partial(self._look_at_topic, cluster))

    def _look_at_topic(self, cluster: KafkaCluster) -> None:
        topic = cluster.facts_of(self._route.topic)
        if topic is None:
            return
        if topic.partitions != self._topic.partitions:
            _log.info(
                "%s has %d partitions now, it had %d", self._route.topic, topic.partitions, self._topic.partitions
            )
        self._topic = topic if topic.id else topic._replace(id=self._topic.id)

    def _open_store(self, hooks: StoreHooks) -> bool:
        """False when the stop was set first."""
        self._waiting_for = "the store"
        attempt = 0
        while not self._stop.is_set():
            try:
                hooks.store.open()
                hooks.clock_watch.compare()
            except StoreUnavailable as reason:
                _log.warning("Waiting for the store: %s", reason)
                self._stop.wait(_BACKOFF.delay(attempt))
                attempt += 1
            else:
                return True
        return False

    def _wait_for_clock(self, hooks: StoreHooks) -> bool:
        """False when the stop was set first. Starts by time are looked up by the clock."""
        while (reason := hooks.clock_watch.check.disagreement()) is not None:
            self._waiting_for = reason
            if self._stop.wait(_CLOCK_POLL_SECONDS):
                return False
        return True

    def _start_consumers(self) -> bool:
        started = time.monotonic()
        self._waiting_for = "Kafka"
        partitions = self._find_topics()
        if partitions is None:
            return False
        self._topic = TopicFacts(partitions)
        self._background.start("topic-watch", self._watch_topic)
        self._loops = self._make_loops()
        for number, loop in enumerate(self._loops):
            self._background.start(f"consumer-{number}", loop.run)
        self._waiting_for = f"the events that were in {self._route.topic} at the start"
        while not all(loop.caught_up for loop in self._loops):
            if self._stop.wait(_CAUGHT_UP_CHECK_SECONDS):
                return False
        _log.info("Kafka init took %.1fs", time.monotonic() - started)
        self._waiting_for = None
        self._on_ready()
        return True

    def _make_loops(self) -> list[IngestLoop[E]]:
        threads = self._settings.kafka_num_threads
        _log.info(
            "Starting Kafka background tasks: %d thread(s) for %d partition(s) of %s",
            threads,
            self._topic.partitions,
            self._route.topic,
        )
        write_limiter = WriteLimiter(self._route.writes_at_once)
        return [
            make_loop(
                self._settings,
                self._route,
                ConsumerThread(number, lambda: self._topic),
                write_limiter,
                self._metrics,
                self._clock,
                self._stop,
            )
            for number in range(threads)
        ]

    def _find_topics(self) -> int | None:
        """Partitions of the source topic, once all topics exist; None when the stop was set first."""
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
        """False when the stop was set first. A dead-letter topic that cannot be created is no reason to wait."""
        [dead] = cluster.create_topics([dead_letter_topic(self._settings.dead_letter_topic)], topics)
        if dead.creation is Creation.FAILED:
            _log.warning(
                "Kafka topic %s is missing and could not be created: a malformed message will stop progress: %s",
                dead.name,
                dead.reason,
            )
        written = self._route.written_topic
        return written is None or written in topics or cluster.wait_for_topic_to_write(written, self._stop)
