"""Builds the loop of one consumer thread: its consumer, sink and dead-letter producer, from the settings."""

from collections.abc import Callable
from functools import partial
from typing import Generic, NamedTuple

from common.kafka.topics import TopicFacts
from common.lifecycle import Stop
from common.settings.kafka import KafkaSettings
from common.timing import Clock
from ingest.batch import E, MessageFormat, batching_of
from ingest.dead_letters.limits import DeadLetterLimits
from ingest.dead_letters.writer import DeadLetterTopic
from ingest.kafka.consumer import GroupConsumer
from ingest.kafka.start_position import LineageSource
from ingest.loop import Adapters, IngestLoop, Marks, NoMarks, Policies, Sink
from ingest.metrics import IngestMetrics
from ingest.write.caught_up_reports import CaughtUp
from ingest.write.clock_watch import ClockWatch
from ingest.write.store import Store, StoreReports
from ingest.write_limiter import WriteLimiter


class StoreHooks(NamedTuple):
    """Calls of a worker to the store that it fills, besides those of its sinks.

    needed_since: now -> time (both in Unix s) from which the source topic must be read to fill an empty store.
    clock_watch: compares the worker's clock with Redis's.
    reports: progress for servers and dashboards; None where no server waits for it.
    """

    store: Store
    needed_since: Callable[[int], int]
    clock_watch: ClockWatch
    reports: StoreReports | None = None


class OpenedSink(NamedTuple, Generic[E]):
    """Sink of one thread, and the marks of what it writes."""

    sink: Sink[E]
    marks: Marks = NoMarks()


class Route(NamedTuple, Generic[E]):
    """Topic, format and sink of a role.

    expected_partitions: required number of partitions of the topic, None for any. open_sink: makes the sink of one
    thread, after the store was opened. store_hooks: None for a role that writes to Kafka, where no data is lost.
    written_topic: None for a role that fills a store. rebuild: read again what no commit says is in the store.
    """

    topic: str
    expected_partitions: int | None
    message_format: MessageFormat[E]
    open_sink: Callable[[], OpenedSink[E]]
    writes_at_once: int
    store_hooks: StoreHooks | None = None
    written_topic: str | None = None
    rebuild: bool = False


class ConsumerThread(NamedTuple):
    """Number of a thread in its process, from 0; and the topic as it is now."""

    number: int
    topic: Callable[[], TopicFacts]


def make_loop(
    settings: KafkaSettings,
    route: Route[E],
    thread: ConsumerThread,
    write_limiter: WriteLimiter,
    metrics: IngestMetrics,
    clock: Clock,
    stop: Stop,
) -> IngestLoop[E]:
    """A loop with a consumer, a sink and a producer of its own. ConfigurationError."""
    lineage, report, check_clock = LineageSource(str, int, lambda: thread.topic().id), None, _trust_clock
    if (hooks := route.store_hooks) is not None:
        check = hooks.clock_watch.check
        lineage = LineageSource(
            lambda: hooks.store.lineage,
            lambda: hooks.needed_since(check.earliest_now()),
            lambda: thread.topic().id,
            partial(hooks.store.former_topic_id, route.topic),
        )
        check_clock = check.check
        if hooks.reports is not None:
            report = partial(_report_caught_up, hooks.reports, route.topic, thread)
    opened = route.open_sink()
    adapters = Adapters(
        GroupConsumer(settings, route.topic, thread.number, metrics, lineage, rebuild=route.rebuild),
        route.message_format,
        opened.sink,
        DeadLetterTopic(settings, route.topic),
        report,
        check_clock,
        opened.marks,
    )
    return IngestLoop(route.topic, adapters, policies_of(settings), write_limiter, metrics, clock, stop.is_set)


def _report_caught_up(reports: StoreReports, topic: str, thread: ConsumerThread, partition: int, lineage: str) -> None:
    """A partition that was added later may be read before it is counted."""
    partitions = max(thread.topic().partitions, partition + 1)
    reports.caught_up.add(CaughtUp(topic, partition, lineage, partitions))


def _trust_clock() -> None:
    """For a role without a store: there is no other clock to compare with."""


def policies_of(settings: KafkaSettings) -> Policies:
    """Policies of a loop as the settings have them."""
    return Policies(
        batching_of(settings),
        DeadLetterLimits(settings.poison_consecutive_limit, settings.poison_window, settings.poison_window_share),
        lag_interval=settings.lag_monitor_interval_secs,
    )
