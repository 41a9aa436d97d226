"""Metrics of ingest: names, help, units and buckets, and the few calls that move them."""

from collections import Counter as Tally
from collections.abc import Iterable, Mapping
from enum import StrEnum
from threading import Lock
from typing import NamedTuple, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from common.post import LightPost
from common.telemetry.histogram import Histogram as CheapHistogram
from common.telemetry.histogram import Series
from common.timing import ExactClock, exact_clock
from ingest.batch import Batch, E, Reject
from ingest.events import (
    AuthorDelete,
    Dropped,
    DropReason,
    Event,
    EventKind,
    Follow,
    Ignored,
    MalformedReason,
    PostDelete,
)
from ingest.write.store_sample import StoreEstimate

_SECONDS = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_FRESHNESS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400)
_APPLIED = (LightPost, PostDelete, AuthorDelete, Follow)


class EventType(StrEnum):
    """What an applied event does. A closed set: it labels a metric."""

    CREATE = "create"
    DELETE = "delete"
    AUTHOR_DELETE = "author_delete"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"


class FreshnessOrigin(StrEnum):
    """From which moment on it is measured how long an event took to be visible. A closed set: it labels a metric."""

    CREATED = "created"
    KAFKA = "kafka"


class WorkerFigures(NamedTuple):
    """Events applied since the start; messages of its partitions that are not, None before anyone has looked."""

    applied: int
    lag: int | None


Label = TypeVar("Label", EventType, EventKind, DropReason, MalformedReason)


class FreshnessMetrics:
    """How old events are when they become visible. For any number of threads."""

    def __init__(self, registry: CollectorRegistry, clock: ExactClock = exact_clock) -> None:
        histogram = CheapHistogram(
            "post_store_freshness_seconds",
            "Until an event is visible to every server, since its post was created (whole seconds; posts alone) or "
            "since it was sent to Kafka; hours while a worker catches up",
            _FRESHNESS,
            registry,
            "since",
            FreshnessOrigin,
        )
        self._since_created = histogram.series(FreshnessOrigin.CREATED)
        self._since_kafka = histogram.series(FreshnessOrigin.KAFKA)
        self._clock = clock
        self._observing = Lock()

    def visible(self, batch: Batch[E]) -> None:
        """The events of a batch are in the store."""
        now = self._clock()
        since_created = [now - moment for moment in _created(batch)]
        since_kafka = [now - moment / 1000 for moment in _sent(batch)]
        with self._observing:
            _observe(self._since_created, since_created)
            _observe(self._since_kafka, since_kafka)


class IngestMetrics:
    """Counts of what the threads of a process read, and how long that took. Every label is there from the start."""

    def __init__(self, registry: CollectorRegistry, freshness: FreshnessMetrics | None = None) -> None:
        """freshness: for a process whose batches are visible once they are durable."""
        self._freshness = freshness
        self._failed_parse = Counter(
            "kafka_messages_failed_parse", "Messages that are not what the topic should hold", registry=registry
        )
        self._poll_errors = Counter("kafka_poll_errors", "Errors met while polling Kafka", registry=registry)
        self._commit_failures = Counter("kafka_commit_failures", "Commits of offsets that failed", registry=registry)
        self._lag = Gauge(
            "kafka_partition_lag", "Messages of a partition not applied yet", ["topic", "partition"], registry=registry
        )
        self._held = Gauge("ingest_held_batches", "Batches held while their sink does not answer", registry=registry)
        self._durations = [
            Histogram(name, text, buckets=_SECONDS, registry=registry)
            for name, text in (
                ("batch_processing_seconds", "Seconds to decode a batch and to write it until it is acknowledged"),
                ("batch_processing_time", "The same as batch_processing_seconds, under the name that the guide gives"),
            )
        ]
        self._events = _by_label("ingest_events", "Events applied", "type", EventType, registry)
        self._ignored = _by_label("ingest_ignored_events", "Events that change nothing", "kind", EventKind, registry)
        self._dropped = _by_label("ingest_dropped_events", "Events kept out by a rule", "reason", DropReason, registry)
        self._rejected = _by_label(
            "ingest_dead_letters",
            "Malformed messages, by their flaw",
            "reason",
            MalformedReason,
            registry,
        )

    def poll_failed(self) -> None:
        """Kafka answered a poll with an error."""
        self._poll_errors.inc()

    def commit_failed(self) -> None:
        """An offset commit failed."""
        self._commit_failures.inc()

    def holding(self, held: bool) -> None:
        """A thread began (True) or ceased (False) to hold a batch."""
        self._held.inc(1 if held else -1)

    def applied(self, batch: Batch[E], seconds: float) -> None:
        """A batch is durable, so many seconds after its decoding began."""
        for counter, count in Tally(map(self._counter, batch.outcomes)).items():
            counter.inc(count)
        self._failed_parse.inc(len(batch.rejects))
        for duration in self._durations:
            duration.observe(seconds)
        if self._freshness:
            self._freshness.visible(batch)

    def lag(self, topic: str, lags: Mapping[int, int]) -> None:
        """Current lag of partitions of the topic."""
        for partition, lag in lags.items():
            self._lag.labels(topic, str(partition)).set(lag)

    def lost(self, topic: str, partitions: Iterable[int]) -> None:
        """Partitions went to another member, which shows their lag."""
        for partition in partitions:
            self._lag.remove_by_labels({"topic": topic, "partition": str(partition)})

    def figures(self) -> WorkerFigures:
        """How the process does, its lag as it was shown last. For any thread."""
        lags = _values(self._lag)
        applied = sum(sum(_values(counter, "_total")) for counter in self._events.values())
        return WorkerFigures(int(applied), int(sum(lags)) if lags else None)

    def _counter(self, outcome: Event | Follow | Ignored | Dropped | Reject) -> Counter:
        match outcome:
            case Ignored():
                return self._ignored[outcome.kind]
            case Dropped():
                return self._dropped[outcome.reason]
            case Reject():
                return self._rejected[outcome.reason]
            case event:
                return self._events[_type_of(event)]


class StoreMetrics:
    """Sizes of the store, estimated from a sample."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._users = Gauge("post_store_user_count", "Authors with posts (estimate from a sample)", registry=registry)
        self._posts = Gauge("post_store_total_posts", "Posts stored (estimate from a sample)", registry=registry)
        self._deleted = Gauge("post_store_deleted_posts", "Tombstones (estimate from a sample)", registry=registry)
        entities = Gauge("post_store_entity_count", "Entities (estimate from a sample)", ["type"], registry=registry)
        self._entities = {field: entities.labels(field) for field in StoreEstimate._fields}

    def estimated(self, estimate: StoreEstimate) -> None:
        """A sample was taken."""
        self._users.set(estimate.users)
        self._posts.set(estimate.posts)
        self._deleted.set(estimate.deleted_posts)
        for field, count in estimate._asdict().items():
            self._entities[field].set(count)


def _created(batch: Batch[E]) -> list[int]:
    """When the posts of a batch were created, in Unix seconds."""
    return [outcome.created_at for _, outcome in batch.entries if isinstance(outcome, LightPost)]


def _sent(batch: Batch[E]) -> list[int]:
    """When the events of a batch were sent to Kafka, as far as it says, in Unix milliseconds."""
    return [
        message.sent_ms for message, outcome in batch.entries if isinstance(outcome, _APPLIED) and message.sent_ms > 0
    ]


def _observe(series: Series, ages: list[float]) -> None:
    """An event of a clock that is ahead of ours has age 0: what is summed never falls."""
    series.observe_all(ages if min(ages, default=0) >= 0 else [max(0.0, age) for age in ages])


def _values(metric: Counter | Gauge, suffix: str = "") -> list[float]:
    samples = (sample for family in metric.collect() for sample in family.samples)
    return [sample.value for sample in samples if sample.name.endswith(suffix)]


def _type_of(event: Event | Follow) -> EventType:
    match event:
        case LightPost():
            return EventType.CREATE
        case PostDelete():
            return EventType.DELETE
        case AuthorDelete():
            return EventType.AUTHOR_DELETE
        case Follow():
            return EventType.UNFOLLOW if event.removed else EventType.FOLLOW


def _by_label(
    name: str, text: str, label: str, values: Iterable[Label], registry: CollectorRegistry
) -> dict[Label, Counter]:
    counter = Counter(name, text, [label], registry=registry)
    return {value: counter.labels(value) for value in values}
