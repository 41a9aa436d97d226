import pytest
from prometheus_client import CollectorRegistry, generate_latest

from common.post import LightPost
from ingest.batch import Message, batch_of
from ingest.events import DropReason, Event, EventKind, Ignored, MalformedReason, PostDelete
from ingest.metrics import EventType, FreshnessMetrics, FreshnessOrigin, IngestMetrics
from ingest.post_row import store_event
from ingest.write.metrics import StoreMetrics
from ingest.write.store_sample import StoreEstimate


def test_every_label_is_there_from_the_start() -> None:
    registry = CollectorRegistry()
    IngestMetrics(registry)
    StoreMetrics(registry)

    def values(name: str, label: str) -> set[str]:
        return {
            sample.labels[label] for family in registry.collect() for sample in family.samples if sample.name == name
        }

    assert values("ingest_events_total", "type") == set(EventType)
    assert values("ingest_ignored_events_total", "kind") == set(EventKind)
    assert values("ingest_dropped_events_total", "reason") == set(DropReason)
    assert values("ingest_dead_letters_total", "reason") == set(MalformedReason)
    assert values("post_store_entity_count", "type") == {
        "users",
        "posts",
        "original_posts",
        "secondary_posts",
        "video_posts",
        "deleted_posts",
    }


def test_both_batch_durations_have_the_buckets_of_the_contract() -> None:
    registry = CollectorRegistry()
    IngestMetrics(registry)
    bounds = {
        family.name: [float(sample.labels["le"]) for sample in family.samples if "le" in sample.labels]
        for family in registry.collect()
        if family.type == "histogram"
    }
    expected = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, float("inf")]
    assert bounds == {"batch_processing_seconds": expected, "batch_processing_time": expected}


def test_figures_are_applied_events_and_the_sum_of_lags() -> None:
    metrics = IngestMetrics(CollectorRegistry())
    assert metrics.figures() == (0, None)

    message = Message(0, 0, b"")
    outcomes = (LightPost(1, 2, 3), PostDelete(1, 3), Ignored(EventKind.UNDELETE))
    metrics.applied(batch_of([(message, outcome) for outcome in outcomes]), 0.1)
    metrics.lag("posts", {0: 5, 3: 2})
    assert metrics.figures() == (2, 7)

    metrics.lost("posts", [0])
    assert metrics.figures() == (2, 2)


def freshness(*entries: tuple[Message, Event | Ignored]) -> CollectorRegistry:
    """Metrics after these became visible at 1000.5 s."""
    registry = CollectorRegistry()
    outcomes = [(each, outcome if isinstance(outcome, Ignored) else store_event(outcome)) for each, outcome in entries]
    IngestMetrics(registry, FreshnessMetrics(registry, lambda: 1000.5)).applied(batch_of(outcomes), 0.1)
    return registry


def freshness_value(registry: CollectorRegistry, name: str, since: FreshnessOrigin, **labels: str) -> float | None:
    return registry.get_sample_value(f"post_store_freshness_seconds_{name}", {"since": since, **labels})


def test_freshness_counts_from_creation_and_from_kafka() -> None:
    registry = freshness((Message(0, 0, b"", sent_ms=1_000_480), LightPost(1, 2, 998)))
    assert freshness_value(registry, "sum", FreshnessOrigin.CREATED) == 2.5
    assert freshness_value(registry, "sum", FreshnessOrigin.KAFKA) == pytest.approx(0.02)
    assert freshness_value(registry, "bucket", FreshnessOrigin.KAFKA, le="0.01") == 0
    assert freshness_value(registry, "bucket", FreshnessOrigin.KAFKA, le="0.025") == 1


def test_only_creates_have_a_creation_and_ignored_events_no_age() -> None:
    registry = freshness(
        (Message(0, 0, b"", sent_ms=1_000_000), PostDelete(1, 3)),
        (Message(0, 1, b"", sent_ms=1_000_000), Ignored(EventKind.UNDELETE)),
    )
    assert freshness_value(registry, "count", FreshnessOrigin.CREATED) == 0
    assert freshness_value(registry, "count", FreshnessOrigin.KAFKA) == 1


def test_a_message_without_a_timestamp_counts_from_creation_only() -> None:
    registry = freshness((Message(0, 0, b""), LightPost(1, 2, 1000)))
    assert freshness_value(registry, "count", FreshnessOrigin.CREATED) == 1
    assert freshness_value(registry, "count", FreshnessOrigin.KAFKA) == 0


def test_an_event_of_a_clock_ahead_of_ours_has_no_age() -> None:
    ahead = (Message(0, 0, b"", sent_ms=1_009_000), LightPost(1, 2, 1009))
    registry = freshness(ahead, (Message(0, 1, b"", sent_ms=1_000_000), LightPost(2, 2, 1000)))
    assert freshness_value(registry, "sum", FreshnessOrigin.CREATED) == 0.5
    assert freshness_value(registry, "sum", FreshnessOrigin.KAFKA) == 0.5
    assert freshness_value(registry, "bucket", FreshnessOrigin.KAFKA, le="0.01") == 1


def test_an_estimate_of_the_store_says_that_it_is_one() -> None:
    registry = CollectorRegistry()
    StoreMetrics(registry).estimated(StoreEstimate(1, 50, 30, 20, 10, 5))
    assert registry.get_sample_value("post_store_user_count") == 1
    assert registry.get_sample_value("post_store_total_posts") == 50
    assert registry.get_sample_value("post_store_deleted_posts") == 5
    assert registry.get_sample_value("post_store_entity_count", {"type": "video_posts"}) == 10
    helps = [line for line in generate_latest(registry).decode().splitlines() if line.startswith("# HELP post_store")]
    assert len(helps) == 4
    assert all("estimate" in line for line in helps)


def test_the_lag_of_a_partition_that_was_never_shown_can_go() -> None:
    IngestMetrics(CollectorRegistry()).lost("posts", [7])
