"""Builds the roles `ingest` and `transform` from their settings, and runs them as processes."""

import gc
import logging
import os

from prometheus_client import CollectorRegistry

from common.lifecycle import Stop, stop_on_signals
from common.settings.ingest import EventsSource, IngestSettings, TransformSettings
from common.store.clock_check import ClockCheck
from common.telemetry.clock_metrics import register_clock_metrics
from common.telemetry.http_server import HttpServer
from common.telemetry.logs import configure_logs
from common.telemetry.process_metrics import process_registry
from common.telemetry.tracing import configure_tracing
from common.timing import Clock, system_clock
from ingest.decode.formats import follow_format, ingest_format, transform_format
from ingest.events import Event, Follow
from ingest.metrics import FreshnessMetrics, IngestMetrics
from ingest.native import DECODER
from ingest.post_row import StoreEvent
from ingest.wiring import OpenedSink, Route, StoreHooks
from ingest.worker import KafkaWorker
from ingest.write.clock_watch import ClockWatch
from ingest.write.metrics import MarkMetrics, StoreMetrics
from ingest.write.refined_topic import RefinedTopicSink
from ingest.write.store import Store, StoreReports

_OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""Batches leave no cycles behind: a search with every 700 objects, the default, costs a tenth of decoding."""

_log = logging.getLogger("thunder.ingest")


def run_ingest(settings: IngestSettings) -> int:
    """Run ingest until SIGTERM or SIGINT. Returns the exit code; raises the error that ended a thread."""
    configure_logs(settings.log_level, settings.log_format)
    configure_tracing("thunder-ingest", os.environ)
    is_of_follows = settings.events is EventsSource.FOLLOWS
    stop, registry = Stop(), process_registry() if is_of_follows else process_registry(decoder=DECODER)
    make_role = follow_role if is_of_follows else ingest_role
    return _run(settings, make_role(settings, stop, registry), stop, registry)


def run_transform(settings: TransformSettings) -> int:
    """Run transform until SIGTERM or SIGINT. Returns the exit code; raises the error that ended a thread."""
    configure_logs(settings.log_level, settings.log_format)
    configure_tracing("thunder-transform", os.environ)
    stop, registry = Stop(), process_registry()
    return _run(settings, transform_role(settings, stop, registry), stop, registry)


def ingest_role(
    settings: IngestSettings, stop: Stop, registry: CollectorRegistry, clock: Clock = system_clock
) -> KafkaWorker[StoreEvent]:
    """Worker that writes events about posts to Redis. To be started."""
    metrics = IngestMetrics(registry, FreshnessMetrics(registry))
    return KafkaWorker(settings, ingest_route(settings, registry, clock), stop, metrics, clock)


def follow_role(
    settings: IngestSettings, stop: Stop, registry: CollectorRegistry, clock: Clock = system_clock
) -> KafkaWorker[Follow]:
    """Worker that writes follows to Redis. To be started."""
    metrics = IngestMetrics(registry, FreshnessMetrics(registry))
    return KafkaWorker(settings, follow_route(settings, registry, clock), stop, metrics, clock)


def transform_role(
    settings: TransformSettings, stop: Stop, registry: CollectorRegistry, clock: Clock = system_clock
) -> KafkaWorker[Event]:
    """Worker that writes the events of the raw topic to the refined one. To be started."""
    return KafkaWorker(settings, transform_route(settings), stop, IngestMetrics(registry), clock)


def ingest_route(
    settings: IngestSettings, registry: CollectorRegistry, clock: Clock = system_clock
) -> Route[StoreEvent]:
    """From the refined topic, or from the raw one in a single hop, to the posts in Redis."""
    refined = settings.events is EventsSource.REFINED
    store = Store(settings, clock)
    metrics = MarkMetrics(registry)

    def open_sink() -> OpenedSink[StoreEvent]:
        client = store.connect(reads_tenures=True)
        writer = store.post_writer(client)
        return OpenedSink(writer, store.post_marks(writer, client, settings.source_topic, metrics, clock))

    return Route(
        settings.source_topic,
        settings.kafka_tweet_events_v2_num_partitions if refined else settings.tweet_events_num_partitions,
        ingest_format(settings),
        open_sink,
        settings.max_concurrent_writes,
        StoreHooks(
            store,
            store.needs_posts_since,
            _clock_watch(store, registry, clock),
            StoreReports(store, StoreMetrics(registry)),
        ),
        rebuild=settings.rebuild,
    )


def follow_route(settings: IngestSettings, registry: CollectorRegistry, clock: Clock) -> Route[Follow]:
    """From the topic of follows to the follow lists in Redis.

    No server waits for them: an old list is better than no answer. Follows do not expire: a replay needs them all.
    """
    store = Store(settings, clock)
    metrics = MarkMetrics(registry)

    def open_sink() -> OpenedSink[Follow]:
        client = store.connect(reads_tenures=True)
        marks = store.follow_marks(client, settings.source_topic, metrics, clock)
        return OpenedSink(store.follow_writer(client), marks)

    return Route(
        settings.source_topic,
        None,
        follow_format(settings),
        open_sink,
        settings.max_concurrent_writes,
        StoreHooks(store, _everything, _clock_watch(store, registry, clock)),
        rebuild=settings.rebuild,
    )


def transform_route(settings: TransformSettings) -> Route[Event]:
    """From the raw topic to the refined one. Threads do not wait for each other: each sends on its own."""
    return Route(
        settings.source_topic,
        settings.tweet_events_num_partitions,
        transform_format(settings),
        lambda: OpenedSink(RefinedTopicSink(settings)),
        writes_at_once=settings.kafka_num_threads,
        written_topic=settings.innetwork_post_topic,
    )


def _clock_watch(store: Store, registry: CollectorRegistry, clock: Clock) -> ClockWatch:
    check = ClockCheck(clock, store.retention.skew_seconds)
    register_clock_metrics(registry, "ingest", check)
    return ClockWatch(store.connect(), check)


def _everything(_now: int) -> int:
    return 0


def _run(
    settings: IngestSettings | TransformSettings,
    role: KafkaWorker[Event] | KafkaWorker[StoreEvent] | KafkaWorker[Follow],
    stop: Stop,
    registry: CollectorRegistry,
) -> int:
    stop_on_signals(stop)
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    http = HttpServer(settings.http_host, settings.http_port, registry, role.not_ready)
    try:
        role.start(on_ready=lambda: _log.info("HTTP server is ready on port %d", http.port))
        stop.wait()
        role.join(settings.shutdown_grace_seconds)
    finally:
        http.stop()
    return 0
