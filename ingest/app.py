"""The roles `ingest` and `transform`: from their settings to threads that run until they are asked to stop."""

import logging
import os

from prometheus_client import CollectorRegistry

from common.lifecycle import Stop, stop_on_signals
from common.settings.ingest import EventsSource, IngestSettings, TransformSettings
from common.telemetry.http_server import HttpServer
from common.telemetry.logs import configure_logs
from common.telemetry.tracing import configure_tracing
from common.timing import Clock, system_clock
from ingest.decode.formats import follow_format, ingest_format, transform_format
from ingest.destinations import FollowDestination, StoreDestination, TopicDestination
from ingest.events import Event, Follow
from ingest.metrics import FreshnessMetrics, IngestMetrics, StoreMetrics
from ingest.wiring import Route
from ingest.worker import KafkaWorker

_log = logging.getLogger("thunder.ingest")


def run_ingest(settings: IngestSettings) -> int:
    """Ingest as a process of its own, until SIGTERM or SIGINT. The exit code; raises what a thread died of."""
    configure_logs(settings.log_level, settings.log_format)
    configure_tracing("thunder-ingest", os.environ)
    stop, registry = Stop(), CollectorRegistry()
    make_role = follow_role if settings.events is EventsSource.FOLLOWS else ingest_role
    return _run(settings, make_role(settings, stop, registry), stop, registry)


def run_transform(settings: TransformSettings) -> int:
    """Transform as a process of its own, until SIGTERM or SIGINT. The exit code; raises what a thread died of."""
    configure_logs(settings.log_level, settings.log_format)
    configure_tracing("thunder-transform", os.environ)
    stop, registry = Stop(), CollectorRegistry()
    return _run(settings, transform_role(settings, stop, registry), stop, registry)


def ingest_role(
    settings: IngestSettings, stop: Stop, registry: CollectorRegistry, clock: Clock = system_clock
) -> KafkaWorker[Event]:
    """The topic that fills the store, to Redis. To be started."""
    metrics = IngestMetrics(registry, FreshnessMetrics(registry))
    return KafkaWorker(settings, ingest_route(settings, registry), stop, metrics, clock)


def follow_role(
    settings: IngestSettings, stop: Stop, registry: CollectorRegistry, clock: Clock = system_clock
) -> KafkaWorker[Follow]:
    """The topic of follows, to Redis. To be started."""
    metrics = IngestMetrics(registry, FreshnessMetrics(registry))
    return KafkaWorker(settings, follow_route(settings), stop, metrics, clock)


def transform_role(
    settings: TransformSettings, stop: Stop, registry: CollectorRegistry, clock: Clock = system_clock
) -> KafkaWorker[Event]:
    """The raw topic to the refined one. To be started."""
    return KafkaWorker(settings, transform_route(settings), stop, IngestMetrics(registry), clock)


def ingest_route(settings: IngestSettings, registry: CollectorRegistry) -> Route[Event]:
    """From the refined topic, or from the raw one in a single hop."""
    refined = settings.events is EventsSource.REFINED
    return Route(
        settings.source_topic,
        settings.kafka_tweet_events_v2_num_partitions if refined else settings.tweet_events_num_partitions,
        ingest_format(settings),
        StoreDestination(settings, StoreMetrics(registry)),
        settings.max_concurrent_writes,
        rebuild=settings.rebuild,
    )


def follow_route(settings: IngestSettings) -> Route[Follow]:
    """Whom viewers follow goes where their posts are."""
    return Route(
        settings.source_topic,
        None,
        follow_format(settings),
        FollowDestination(settings),
        settings.max_concurrent_writes,
        rebuild=settings.rebuild,
    )


def transform_route(settings: TransformSettings) -> Route[Event]:
    """Threads do not wait for each other: each sends on its own."""
    return Route(
        settings.source_topic,
        settings.tweet_events_num_partitions,
        transform_format(settings),
        TopicDestination(settings),
        writes_at_once=settings.kafka_num_threads,
        written_topic=settings.innetwork_post_topic,
    )


def _run(
    settings: IngestSettings | TransformSettings,
    role: KafkaWorker[Event] | KafkaWorker[Follow],
    stop: Stop,
    registry: CollectorRegistry,
) -> int:
    stop_on_signals(stop)
    http = HttpServer(settings.http_host, settings.http_port, registry, role.not_ready)
    try:
        role.start(on_ready=lambda: _log.info("HTTP server is ready on port %d", http.port))
        stop.wait()
        role.join(settings.shutdown_grace_seconds)
    finally:
        http.stop()
    return 0
