"""Metrics of ingest: names, help, units and buckets, and the calls that move them."""

from collections import Counter as Tally
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from threading import Lock
from typing import NamedTuple, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from common.post import LightPost
from common.store.record import TOMBSTONE
from common.telemetry.histogram import Histogram as CheapHistogram
from common.telemetry.histogram import Series
from common.timing import ExactClock, exact_clock
from ingest.batch import Batch, DeadLetter, E, Message
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
from ingest.post_row import PostRow, StoreEvent

_SECONDS = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_FRESHNESS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400)
_FAILED_PARSE = "Malformed messages and events; above zero: producers or --framing do not match what this role expects"
_POLL_ERRORS = "Errors of Kafka while polling; above zero: brokers are unreachable or refuse a request"
_COMMIT_FAILURES = "Offset commits that failed; each is repeated, until then a crash replays more messages"
_LAG = "Messages of a partition that are not applied yet"
_HELD = "Batches held because Redis or Kafka does not accept them; above zero: reading is paused"
_EVENTS = "Events applied to Redis or sent to the refined topic"
_IGNORED = "Well-formed events of a kind that changes nothing here"
_DROPPED = "Well-formed events that a rule keeps out of the store"
_DEAD_LETTERS = "Malformed messages and events, by reason; each is sent to the dead-letter topic"

_APPLIED = (PostRow, AuthorDelete, Follow)


class EventType(StrEnum):
    """Effect of an applied event. A closed set: it labels a metric."""

    CREATE = "create"
    DELETE = "delete"
    AUTHOR_DELETE = "author_delete"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"


class FreshnessOrigin(StrEnum):
    """The moment from which freshness is measured. A closed set: it labels a metric."""

    CREATED = "created"
    KAFKA = "kafka"


class WorkerFigures(NamedTuple):
    """Events applied since the start, and the lag of the partitions in messages; None before it was measured."""

    applied: int
    lag: int | None


Label = TypeVar("Label", EventType, EventKind, DropReason, MalformedReason)


class FreshnessMetrics:
    """Age of events when they become visible. For any thread."""

    def __init__(self, registry: CollectorRegistry, clock: ExactClock = exact_clock) -> None:
        histogram = CheapHistogram(
            "post_store_freshness_seconds",
            "Age of an event in seconds when it becomes visible to every server, since its post was created (whole "
            "seconds; posts only) or since it was sent to Kafka; hours while a worker catches up",
            _FRESHNESS,
            registry,
            "since",
            FreshnessOrigin,
        )
        self._since_created = histogram.series(FreshnessOrigin.CREATED)
        self._since_kafka = histogram.series(FreshnessOrigin.KAFKA)
        self._clock = clock
        self._observing = Lock()

    def visible(self, batch: Batch[E], created: Collection[int]) -> None:
        """The events of a batch are in the store; created: times of its posts, in Unix seconds."""
        now = self._clock()
        since_created = [now - moment for moment in created]
        applied = batch.messages if len(created) == len(batch.outcomes) else _applied(batch)
        since_kafka = [now - message.sent_ms / 1000 for message in applied if message.sent_ms > 0]
        with self._observing:
            _observe(self._since_created, since_created)
            _observe(self._since_kafka, since_kafka)


class IngestMetrics:
    """Counts and durations of the batches of a process. Every label value exists from the start."""

    def __init__(self, registry: CollectorRegistry, freshness: FreshnessMetrics | None = None) -> None:
        """freshness: for a process whose batches are visible once they are durable."""
        self._freshness = freshness
        self._failed_parse = Counter("kafka_messages_failed_parse", _FAILED_PARSE, registry=registry)
        self._poll_errors = Counter("kafka_poll_errors", _POLL_ERRORS, registry=registry)
        self._commit_failures = Counter("kafka_commit_failures", _COMMIT_FAILURES, registry=registry)
        self._lag = Gauge("kafka_partition_lag", _LAG, ["topic", "partition"], registry=registry)
        self._held = Gauge("ingest_held_batches", _HELD, registry=registry)
        self._durations = [
            Histogram(name, text, buckets=_SECONDS, registry=registry)
            for name, text in (
                ("batch_processing_seconds", "Seconds from the decoding of a batch until its writes are acknowledged"),
                ("batch_processing_time", "Same as batch_processing_seconds, under the name that the guide gives"),
            )
        ]
        self._events = _by_label("ingest_events", _EVENTS, "type", EventType, registry)
        self._ignored = _by_label("ingest_ignored_events", _IGNORED, "kind", EventKind, registry)
        self._dropped = _by_label("ingest_dropped_events", _DROPPED, "reason", DropReason, registry)
        self._dead_letters = _by_label("ingest_dead_letters", _DEAD_LETTERS, "reason", MalformedReason, registry)

    def poll_failed(self) -> None:
        """Kafka answered a poll with an error."""
        self._poll_errors.inc()

    def commit_failed(self) -> None:
        """An offset commit failed."""
        self._commit_failures.inc()

    def holding(self, held: bool) -> None:
        """A thread began (True) or stopped (False) holding a batch."""
        self._held.inc(1 if held else -1)

    def applied(self, batch: Batch[E], seconds: float) -> None:
        """A batch is durable, `seconds` after its decoding began."""
        created = _created(batch)
        if len(created) == len(batch.outcomes):
            self._events[EventType.CREATE].inc(len(created))
        else:
            for counter, count in Tally(map(self._counter, batch.outcomes)).items():
                counter.inc(count)
        self._failed_parse.inc(len(batch.dead_letters))
        for duration in self._durations:
            duration.observe(seconds)
        if self._freshness:
            self._freshness.visible(batch, created)

    def lag(self, topic: str, lags: Mapping[int, int]) -> None:
        """Current lag of partitions of the topic."""
        for partition, lag in lags.items():
            self._lag.labels(topic, str(partition)).set(lag)

    def lost(self, topic: str, partitions: Iterable[int]) -> None:
        """Partitions went to another member, which publishes their lag."""
        for partition in partitions:
            self._lag.remove_by_labels({"topic": topic, "partition": str(partition)})

    def figures(self) -> WorkerFigures:
        """Totals of the process, its lag as last measured. For any thread."""
        lags = _values(self._lag)
        applied = sum(sum(_values(counter, "_total")) for counter in self._events.values())
        return WorkerFigures(int(applied), int(sum(lags)) if lags else None)

    def _counter(self, outcome: Event | StoreEvent | Follow | Ignored | Dropped | DeadLetter) -> Counter:
        match outcome:
            case Ignored():
                return self._ignored[outcome.kind]
            case Dropped():
                return self._dropped[outcome.reason]
            case DeadLetter():
                return self._dead_letters[outcome.reason]
            case event:
                return self._events[_type_of(event)]


def _created(batch: Batch[E]) -> list[int]:
    """Creation times of the posts of a batch, in Unix seconds."""
    return [
        outcome.created_at
        for outcome in batch.outcomes
        if (isinstance(outcome, PostRow) and outcome.flags != TOMBSTONE) or isinstance(outcome, LightPost)
    ]


def _applied(batch: Batch[E]) -> list[Message]:
    """Messages of the events that are in the store."""
    entries = zip(batch.messages, batch.outcomes, strict=True)
    return [message for message, outcome in entries if isinstance(outcome, _APPLIED)]


def _observe(series: Series, ages: list[float]) -> None:
    """An event of a clock that is ahead of this one has age 0: the sum never falls."""
    series.observe_all(ages if min(ages, default=0) >= 0 else [max(0.0, age) for age in ages])


def _values(metric: Counter | Gauge, suffix: str = "") -> list[float]:
    samples = (sample for family in metric.collect() for sample in family.samples)
    return [sample.value for sample in samples if sample.name.endswith(suffix)]


def _type_of(event: Event | StoreEvent | Follow) -> EventType:
    match event:
        case PostRow():
            return EventType.DELETE if event.is_delete else EventType.CREATE
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
