"""`thunder ingest` as a process: what an operator sees of it while all is well."""

import re
import signal
import time

import pytest

from ingest.events import PostDelete
from tests.support.kafka_broker import KafkaBroker
from tests.support.kafka_topic import KafkaTopic
from tests.support.processes import Role, Thunder
from tests.support.refined_topic import produce_events, recent_posts
from tests.support.stored_posts import stored_ids
from tests.support.unique import unique
from tests.support.wait import eventually

AUTHOR = 7
SESSION_SECONDS = 10


class Ingest:
    """Starts workers of one group on one refined topic."""

    def __init__(self, thunder: Thunder, kafka: KafkaBroker, redis_url: str) -> None:
        self._thunder = thunder
        self._bootstrap = kafka.bootstrap
        self._redis_url = redis_url
        self.topic = KafkaTopic(kafka.bootstrap, kafka.create_topic(unique("innetwork_post"), partitions=4))

    def start(self, *flags: str) -> Role:
        return self._thunder.start(
            *("ingest", "--kafka-group-id", self.topic.group, "--innetwork-post-topic", self.topic.name),
            *("--in-network-events-consumer-dest", self._bootstrap, "--redis-url", self._redis_url),
            *("--fetch-timeout-ms", "200", *flags),
        )

    def ready(self, *flags: str) -> Role:
        role = self.start(*flags)
        role.wait_until_ready()
        return role

    def produce(self, first_id: int, last_id: int) -> None:
        produce_events(self._bootstrap, self.topic.name, recent_posts(first_id, last_id, AUTHOR))

    def wait_for_posts(self, *ids: int, timeout: float = 30.0) -> None:
        eventually(lambda: sorted(self.stored) == sorted(ids), f"posts {ids[:3]}... alone", timeout)

    @property
    def stored(self) -> list[int]:
        return stored_ids(self._redis_url, AUTHOR)

    @property
    def committed(self) -> int:
        """Messages below the commits of all partitions."""
        return sum(self.topic.commits.values())


@pytest.fixture
def ingest(thunder: Thunder, kafka: KafkaBroker, redis_url: str) -> Ingest:
    return Ingest(thunder, kafka, redis_url)


def test_smallest_replays_history_before_it_is_ready(ingest: Ingest) -> None:
    ingest.produce(1, 50)
    ingest.ready("--auto-offset-reset", "smallest")
    assert sorted(ingest.stored) == list(range(1, 51))


def test_largest_stores_new_events_only(ingest: Ingest) -> None:
    ingest.produce(1, 50)
    ingest.ready()
    ingest.produce(51, 52)
    ingest.wait_for_posts(51, 52)


def test_largest_loses_nothing_across_a_crash_before_the_first_batch(ingest: Ingest) -> None:
    ingest.produce(1, 5)
    ingest.ready().kill()
    ingest.produce(6, 9)
    ingest.start()
    ingest.wait_for_posts(6, 7, 8, 9, timeout=SESSION_SECONDS + 20)


def test_a_single_event_on_a_quiet_topic_is_stored_soon(ingest: Ingest) -> None:
    ingest.ready()
    produced = time.monotonic()
    ingest.produce(1, 1)
    ingest.wait_for_posts(1, timeout=5)
    assert time.monotonic() - produced < 1, "it waited neither for a batch nor for a timeout"


def test_start_up_is_told_in_four_lines(ingest: Ingest) -> None:
    ingest.produce(1, 5)
    role = ingest.ready("--auto-offset-reset", "smallest")
    lines = role.output()
    promised = ["Initialized PostStore", "Starting Kafka background tasks", r"Kafka init took \d+\.\ds", "is ready"]
    assert re.search(".*".join(promised), lines, re.DOTALL), lines


def test_more_threads_than_partitions_are_ready_too_and_share_the_work(ingest: Ingest) -> None:
    role = ingest.ready("--kafka-num-threads", "6")
    ingest.produce(1, 100)
    ingest.wait_for_posts(*range(1, 101))
    assert role.metrics().value("ingest_events_total", type="create") == 100
    assert role.terminate() == 0


def test_sigterm_commits_what_is_stored_and_nothing_is_read_again(ingest: Ingest) -> None:
    role = ingest.ready("--auto-offset-reset", "smallest")
    ingest.produce(1, 300)
    ingest.wait_for_posts(*range(1, 301))
    stopped = time.monotonic()
    assert role.terminate() == 0
    assert time.monotonic() - stopped < 5
    assert ingest.committed == 300
    successor = ingest.ready("--auto-offset-reset", "smallest")
    assert successor.metrics().value("ingest_events_total", type="create") == 0


def test_two_workers_split_the_partitions_and_one_takes_over_from_the_killed(ingest: Ingest) -> None:
    workers = [ingest.ready("--lag-monitor-interval-secs", "1"), ingest.ready("--lag-monitor-interval-secs", "1")]
    eventually(lambda: all(_partitions(role) == 2 for role in workers), "two partitions each")
    ingest.produce(1, 200)
    ingest.wait_for_posts(*range(1, 201))
    assert all(role.metrics().value("ingest_events_total", type="create") > 0 for role in workers)
    workers[0].kill()
    ingest.produce(201, 400)
    ingest.wait_for_posts(*range(1, 401), timeout=SESSION_SECONDS + 20)
    assert _partitions(workers[1]) == 4


def test_metrics_move(ingest: Ingest, kafka: KafkaBroker) -> None:
    role = ingest.ready("--lag-monitor-interval-secs", "1", "--post-hashes", "64")
    ingest.produce(1, 10)
    produce_events(kafka.bootstrap, ingest.topic.name, [PostDelete(3, 0)])
    ingest.wait_for_posts(1, 2, *range(4, 11))
    eventually(lambda: role.metrics().value("post_store_total_posts") > 0, "an estimate of the store")
    metrics = role.metrics()
    assert metrics.value("ingest_events_total", type="delete") == 1
    assert metrics.value("batch_processing_seconds_count") == metrics.value("batch_processing_time_count") > 0
    assert metrics.value("kafka_partition_lag", topic=ingest.topic.name) == 0
    assert metrics.value("kafka_poll_errors_total") == 0


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


def test_a_topic_with_another_number_of_partitions_is_refused(ingest: Ingest) -> None:
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
