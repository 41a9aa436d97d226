"""`thunder ingest` as a process: what an operator sees of it while all is well."""

import re
import signal
import time

import pytest
import redis

from common.store.catch_up import lagging_partitions, read_status
from common.store.worker_status import fresh, read_worker_statuses
from ingest.events import PostDelete
from ingest.metrics import FreshnessOrigin
from tests.support.kafka.broker import KafkaBroker
from tests.support.processes.ingest_workers import SESSION_SECONDS, SHORT_SESSION, IngestWorkers, posts
from tests.support.processes.thunder import Role, Thunder
from tests.support.unused import unique
from tests.support.wait import eventually


@pytest.fixture
def ingest(thunder: Thunder, kafka: KafkaBroker, redis_url: str) -> IngestWorkers:
    return IngestWorkers(thunder, kafka, redis_url)


def test_smallest_replays_history_before_it_is_ready(ingest: IngestWorkers) -> None:
    ingest.produce(*posts(1, 50))
    ingest.ready("--auto-offset-reset", "smallest")
    assert sorted(ingest.stored) == list(range(1, 51))


def test_largest_stores_new_events_only(ingest: IngestWorkers) -> None:
    ingest.produce(*posts(1, 50))
    ingest.ready()
    ingest.produce(*posts(51, 52))
    ingest.wait_for_posts(51, 52)


def test_largest_loses_nothing_in_a_crash_before_a_batch(ingest: IngestWorkers) -> None:
    ingest.produce(*posts(1, 5))
    ingest.ready(*SHORT_SESSION).kill()
    ingest.produce(*posts(6, 9))
    ingest.start()
    ingest.wait_for_posts(6, 7, 8, 9, timeout=SESSION_SECONDS + 20)


def test_a_single_event_on_a_quiet_topic_is_stored_soon(ingest: IngestWorkers) -> None:
    ingest.ready()
    produced = time.monotonic()
    ingest.produce(*posts(1, 1))
    ingest.wait_for_posts(1, timeout=5)
    assert time.monotonic() - produced < 1, "it waited neither for a batch nor for a timeout"


def test_how_fresh_an_event_was_when_it_became_visible_is_shown(ingest: IngestWorkers) -> None:
    role = ingest.ready()
    ingest.produce(*posts(1, 3))
    ingest.wait_for_posts(1, 2, 3)
    eventually(lambda: role.metrics().value("ingest_events_total", type="create") == 3, "the batches to be counted")
    for since in FreshnessOrigin:
        assert role.metrics().value("post_store_freshness_seconds_count", since=since) == 3
    assert 0 < role.metrics().value("post_store_freshness_seconds_sum", since=FreshnessOrigin.KAFKA) < 15


def test_start_up_is_logged_in_four_lines(ingest: IngestWorkers) -> None:
    ingest.produce(*posts(1, 5))
    role = ingest.ready("--auto-offset-reset", "smallest")
    lines = role.output()
    promised = ["Initialized PostStore", "Starting Kafka background tasks", r"Kafka init took \d+\.\ds", "is ready"]
    assert re.search(".*".join(promised), lines, re.DOTALL), lines


def test_idle_threads_are_ready_too(ingest: IngestWorkers) -> None:
    role = ingest.ready("--kafka-num-threads", "6")
    ingest.produce(*posts(1, 100))
    ingest.wait_for_posts(*range(1, 101))
    assert role.metrics().value("ingest_events_total", type="create") == 100
    assert role.terminate() == 0


def test_sigterm_commits_what_is_stored(ingest: IngestWorkers) -> None:
    role = ingest.ready("--auto-offset-reset", "smallest")
    ingest.produce(*posts(1, 300))
    ingest.wait_for_posts(*range(1, 301))
    stopped = time.monotonic()
    assert role.terminate() == 0
    assert time.monotonic() - stopped < 5
    assert ingest.committed == 300
    successor = ingest.ready("--auto-offset-reset", "smallest")
    assert successor.metrics().value("ingest_events_total", type="create") == 0


def test_worker_takes_over_from_a_killed_one(ingest: IngestWorkers) -> None:
    workers = [ingest.ready(*SHORT_SESSION), ingest.ready()]
    eventually(lambda: all(_partitions(role) == 2 for role in workers), "two partitions each")
    ingest.produce(*posts(1, 200))
    ingest.wait_for_posts(*range(1, 201))
    assert all(role.metrics().value("ingest_events_total", type="create") > 0 for role in workers)
    workers[0].kill()
    ingest.produce(*posts(201, 400))
    ingest.wait_for_posts(*range(1, 401), timeout=SESSION_SECONDS + 20)
    assert _partitions(workers[1]) == 4


def test_metrics_move(ingest: IngestWorkers) -> None:
    role = ingest.ready("--post-hashes", "64")
    ingest.produce(*posts(1, 10))
    ingest.produce(PostDelete(3, 0))
    ingest.wait_for_posts(1, 2, *range(4, 11))
    eventually(lambda: role.metrics().value("post_store_total_posts") > 0, "an estimate of the store")
    metrics = role.metrics()
    assert metrics.value("ingest_events_total", type="delete") == 1
    assert metrics.value("batch_processing_seconds_count") == metrics.value("batch_processing_time_count") > 0
    assert metrics.value("kafka_poll_errors_total") == 0
    eventually(lambda: role.metrics().value("kafka_partition_lag", topic=ingest.topic.name) == 0, "the lag to be shown")


def test_it_waits_for_its_topic_and_says_so(thunder: Thunder, kafka: KafkaBroker, redis_url: str) -> None:
    name = unique("innetwork_post")
    role = thunder.start(
        *("ingest", "--kafka-group-id", unique("group"), "--innetwork-post-topic", name),
        *("--in-network-events-consumer-dest", kafka.bootstrap, "--redis-url", redis_url),
    )
    role.wait_for_output(f"Waiting for Kafka topic {name} at {kafka.bootstrap}: no such topic")
    assert role.status("/healthz") == 200
    assert role.status("/readyz") == 503
    kafka.create_topic(name)
    role.wait_until_ready()


def test_a_topic_with_another_number_of_partitions_is_refused(ingest: IngestWorkers) -> None:
    role = ingest.start("--kafka-tweet-events-v2-num-partitions", "8")
    assert role.wait() == 2
    assert f"topic {ingest.topic.name} has 4 partitions, the settings say 8" in role.output()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_can_be_stopped_while_it_waits_for_brokers(thunder: Thunder, redis_url: str, number: signal.Signals) -> None:
    role = thunder.start(
        *("ingest", "--kafka-group-id", unique("group"), "--redis-url", redis_url),
        *("--in-network-events-consumer-dest", "127.0.0.1:1"),
    )
    role.wait_for_output("Waiting for Kafka topic innetwork_post at 127.0.0.1:1")
    role.send(number)
    assert role.wait() == 0


def _partitions(role: Role) -> int:
    """Partitions whose lag the worker shows."""
    return len(role.metrics().labels("kafka_partition_lag", "partition"))


def test_a_worker_shows_how_it_does(ingest: IngestWorkers, redis_url: str) -> None:
    ingest.ready("--auto-offset-reset", "smallest", "--post-hashes", "1024")  # so few are counted, not sampled
    ingest.produce(*posts(1, 20))

    def is_told() -> bool:
        with redis.Redis.from_url(redis_url) as client:
            statuses = fresh(read_worker_statuses(client), time.time())
        return [(status.applied, status.lag, status.posts) for status in statuses.values()] == [(20, 0, 20)]

    eventually(is_told, "one worker, 20 events applied, no lag, 20 posts")


def test_servers_wait_for_partitions_that_are_added_later(thunder: Thunder, kafka: KafkaBroker, redis_url: str) -> None:
    ingest = IngestWorkers(thunder, kafka, redis_url, partitions=1)
    ingest.ready()
    topic = ingest.topic.name
    with redis.Redis.from_url(redis_url) as client:
        before = read_status(client)
        assert before == {f"{topic}:partitions": "1", f"{topic}:0": before[f"{topic}:0"]}
        kafka.add_partitions(topic, 3)
        eventually(lambda: read_status(client)[f"{topic}:partitions"] == "3", "the new ones are counted")
        eventually(lambda: not lagging_partitions(read_status(client), before[f"{topic}:0"])[topic], "all are read", 60)
