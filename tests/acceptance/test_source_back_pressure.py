"""A source that gives faster than Kafka takes: what becomes of the rest is a setting, and always counted."""

import pytest

from tests.support.kafka.broker import KafkaBroker
from tests.support.processes.source_runs import Sources
from tests.support.processes.thunder import Thunder

FASTER_THAN_ITS_SINK = ("synthetic", "--rate", "0", "--sending", "sync", "--queue-size", "100")
"""The source takes no breath, and the producer waits for the acknowledgement of each event."""


@pytest.fixture
def sources(thunder: Thunder, kafka: KafkaBroker, redis_url: str) -> Sources:
    return Sources(thunder, kafka, redis_url)


def test_blocking_source_keeps_pace_and_loses_nothing(sources: Sources) -> None:
    report = sources.report(*FASTER_THAN_ITS_SINK, "--when-full", "block", "--count", "2000")

    assert (report["received"], report["produced"], report["dropped"]) == (2000, 2000, {})
    rates = report["rates"]
    assert rates["received_per_second"] == pytest.approx(rates["produced_per_second"])
    assert rates["received_per_second"] < 10_000, "as fast as without a sink"


def test_dropping_source_counts_what_finds_the_queue_full(sources: Sources) -> None:
    report = sources.report(*FASTER_THAN_ITS_SINK, "--when-full", "drop", "--count", "20000")

    sent = sum(report["sent"].values())
    assert report["received"] == 20_000
    assert report["dropped"] == {"queue_full": 20_000 - sent}
    assert report["produced"] == sent < 20_000
    assert report["rates"]["received_per_second"] > 2 * report["rates"]["produced_per_second"]


def test_a_source_that_must_not_lose_or_wait_ends(sources: Sources) -> None:
    done = sources.run(*FASTER_THAN_ITS_SINK, "--when-full", "fail", "--count", "20000")

    assert done.returncode == 1
    assert "The queue of the producer is full" in done.stderr
