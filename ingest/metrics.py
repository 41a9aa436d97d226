"""Metrics of ingest: names, help, units and buckets, and the few calls that move them."""

from collections import Counter as Tally
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from common.post import LightPost
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
from ingest.store_sample import StoreEstimate

_SECONDS = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class EventType(StrEnum):
    """What an applied event does. A closed set: it labels a metric."""

    CREATE = "create"
    DELETE = "delete"
    AUTHOR_DELETE = "author_delete"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"


class WorkerFigures(NamedTuple):
    """Events applied since the start; messages of its partitions that are not, None before anyone has looked."""

    applied: int
    lag: int | None


Label = TypeVar("Label", EventType, EventKind, DropReason, MalformedReason)


class IngestMetrics:
    """Counts of what the threads of a process read, and how long that took. Every label is there from the start."""

    def __init__(self, registry: CollectorRegistry) -> None:
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
