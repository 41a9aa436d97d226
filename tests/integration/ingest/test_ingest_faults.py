"""`thunder ingest` when its input is bad or what it writes to does not answer."""

import hashlib
from pathlib import Path
from typing import cast

import pytest
from confluent_kafka import Message
from confluent_kafka.admin import AdminClient

from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.libraries import kafka_libraries
from tests.support.kafka.topic import read_topic
from tests.support.processes.ingest_workers import SOON_BACK, IngestWorkers, posts
from tests.support.processes.thunder import Thunder
from tests.support.programs.installed import Progress
from tests.support.redis.servers import RedisServer
from tests.support.unused import unique
from tests.support.wait import eventually


@pytest.fixture
def ingest(thunder: Thunder, kafka: KafkaBroker, redis_url: str) -> IngestWorkers:
    return IngestWorkers(thunder, kafka, redis_url, partitions=1)


@pytest.fixture
def dead_letter_topic(kafka: KafkaBroker) -> str:
    return kafka.create_topic(unique("dead_letters"))


def headers(message: Message) -> dict[str, str]:
    return {name: cast("bytes", value).decode() for name, value in message.headers() or []}


def test_bad_message_goes_to_the_dead_letter_topic(ingest: IngestWorkers, dead_letter_topic: str) -> None:
    junk = b"\xff" * 500_000
    ingest.produce(*posts(1, 3))
    ingest.topic.produce(junk, None)
    ingest.produce(*posts(4, 5))
    role = ingest.ready("--auto-offset-reset", "smallest", "--dead-letter-topic", dead_letter_topic)
    assert sorted(ingest.stored) == [1, 2, 3, 4, 5]
    (letter,) = read_topic(ingest.bootstrap, dead_letter_topic, lambda messages: len(messages) >= 1)
    assert letter.value() == junk[:64_000]
    assert headers(letter) == {
        "topic": ingest.topic.name,
        "partition": "0",
        "offset": "3",
        "reason": "bad_wire",
        "detail": "bad_wire: 500000 bytes are no InNetworkEvent",
        "size": "500000",
        "sha256": hashlib.sha256(junk).hexdigest(),
    }
    role.wait_for_output(f"Failed to parse Kafka message: topic {ingest.topic.name} partition 0 offset 3: bad_wire")
    assert role.metrics().value("kafka_messages_failed_parse_total") == 1
    assert role.metrics().value("ingest_ignored_events_total", kind="null_payload") == 1
    assert max(map(len, role.output().splitlines())) < 400
    eventually(lambda: ingest.committed == 7, "a commit past the bad message")


def test_no_commit_past_a_bad_message_without_the_topic(
    ingest: IngestWorkers, kafka: KafkaBroker, dead_letter_topic: str
) -> None:
    role = ingest.ready("--dead-letter-topic", dead_letter_topic)
    admin = AdminClient({"bootstrap.servers": ingest.bootstrap})
    admin.delete_topics([dead_letter_topic])[dead_letter_topic].result(30)
    ingest.topic.produce(b"junk")
    ingest.produce(*posts(1, 3))
    role.wait_for_output(
        rf"Paused, holding a batch of \d+ messages: messages to {dead_letter_topic} were not delivered"
    )
    assert ingest.committed == 0
    assert role.metrics().value("ingest_held_batches") == 1
    kafka.create_topic(dead_letter_topic)
    ingest.wait_for_posts(1, 2, 3, timeout=60)
    eventually(lambda: ingest.committed == 4, "the commit that was held back")
    read_topic(ingest.bootstrap, dead_letter_topic, lambda messages: len(messages) >= 1)
    assert role.metrics().value("ingest_held_batches") == 0


def test_the_dead_letter_topic_is_created_when_it_is_missing(ingest: IngestWorkers) -> None:
    missing = unique("dead_letters")
    ingest.topic.produce(b"junk")
    ingest.ready("--auto-offset-reset", "smallest", "--dead-letter-topic", missing)
    read_topic(ingest.bootstrap, missing, lambda messages: len(messages) == 1)


def test_worker_stops_at_the_dead_letter_limit(ingest: IngestWorkers, dead_letter_topic: str) -> None:
    ingest.topic.produce(*[b"junk"] * 500)
    role = ingest.start(
        *("--auto-offset-reset", "smallest", "--dead-letter-topic", dead_letter_topic),
        *("--kafka-batch-size", "20", "--catch-up-batch-size", "20", "--poison-consecutive-limit", "100"),
    )
    assert role.wait() == 3
    assert "100 messages in a row are malformed (limit 100)" in role.output()
    assert ingest.committed == 80


def test_worker_waits_for_redis_and_drops_nothing(thunder: Thunder, kafka: KafkaBroker, tmp_path: Path) -> None:
    redis_server = RedisServer(tmp_path)
    ingest = IngestWorkers(thunder, kafka, redis_server.url)
    role = ingest.ready("--redis-timeout-ms", "300")
    ingest.produce(*posts(1, 10))
    ingest.wait_for_posts(*range(1, 11))
    with redis_server.frozen():
        ingest.produce(*posts(11, 40))
        eventually(lambda: role.metrics().value("ingest_held_batches") == 1, "the batch to be held")
        ingest.produce(*posts(41, 60))
        eventually(
            lambda: role.metrics().value("kafka_partition_lag", topic=ingest.topic.name) == 50, "the lag to be shown"
        )
        assert ingest.committed == 10
        assert role.status("/healthz") == 200
    ingest.wait_for_posts(*range(1, 61))
    eventually(lambda: ingest.committed == 60, "all commits")
    assert role.metrics().value("ingest_held_batches") == 0
    assert role.terminate() == 0
    redis_server.kill()


def test_a_worker_that_waits_for_redis_can_be_stopped(ingest: IngestWorkers, thunder: Thunder) -> None:
    role = thunder.start("ingest", "--kafka-group-id", ingest.topic.group, "--redis-url", "redis://127.0.0.1:1")
    role.wait_for_output("Waiting for the store: ")
    assert role.status("/readyz") == 503
    assert role.terminate() == 0


def test_held_batch_is_left_to_the_next_worker(thunder: Thunder, kafka: KafkaBroker, tmp_path: Path) -> None:
    redis_server = RedisServer(tmp_path)
    ingest = IngestWorkers(thunder, kafka, redis_server.url)
    role = ingest.ready("--redis-timeout-ms", "300")
    with redis_server.frozen():
        ingest.produce(*posts(1, 10))
        eventually(lambda: role.metrics().value("ingest_held_batches") == 1, "the batch to be held")
        assert role.terminate() == 0
    assert ingest.committed == 0
    ingest.ready()
    ingest.wait_for_posts(*range(1, 11))
    redis_server.kill()


def test_brokers_that_go_away_are_waited_for(
    thunder: Thunder, progress: Progress, redis_url: str, tmp_path: Path
) -> None:
    broker = KafkaBroker(kafka_libraries(progress), tmp_path, progress)
    ingest = IngestWorkers(thunder, broker, redis_url)
    role = ingest.ready(*SOON_BACK)
    ingest.produce(*posts(1, 10))
    ingest.wait_for_posts(*range(1, 11))
    broker.kill()
    eventually(lambda: role.metrics().value("kafka_poll_errors_total") > 0, "the outage to be counted")
    assert role.status("/healthz") == 200
    broker.restart()
    ingest.produce(*posts(11, 20))
    ingest.wait_for_posts(*range(1, 21), timeout=60)
    broker.kill()
    assert role.terminate() == 0, "it can be stopped without brokers, too"
