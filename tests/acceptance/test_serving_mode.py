"""`thunder --is-serving`, one process that ingests and serves, when what it needs is not there or not fit."""

import time

import pytest
from confluent_kafka import Producer

from common.post import LightPost
from ingest.decode.refined_event import encode_event, event_key
from tests.support.kafka.broker import KafkaBroker
from tests.support.processes.thunder import Role, Thunder
from tests.support.unused import unique

AUTHOR = 7


@pytest.fixture
def topic(kafka: KafkaBroker) -> str:
    """A refined topic with three posts."""
    topic = kafka.create_topic(unique("innetwork_post"), partitions=2)
    now = int(time.time())
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    for post_id in (1, 2, 3):
        post = LightPost(post_id, AUTHOR, now - 10 + post_id)
        producer.produce(topic, encode_event(post), event_key(post))
    producer.flush(30)
    return topic


def start(thunder: Thunder, kafka: KafkaBroker, topic: str, redis_url: str, *flags: str) -> Role:
    guide = ["--is-serving", "--kafka-group-id", unique("thunder-serving"), "--auto-offset-reset", "smallest", *flags]
    guide += ["--in-network-events-consumer-dest", kafka.bootstrap]
    return thunder.start(*guide, env={"THUNDER_INNETWORK_POST_TOPIC": topic, "THUNDER_REDIS_URL": redis_url})


def test_it_stops_when_asked_while_it_still_waits(thunder: Thunder, kafka: KafkaBroker, redis_url: str) -> None:
    role = start(thunder, kafka, unique("no_such_topic"), redis_url)
    role.wait_for_output("Waiting for Kafka topic")
    assert role.status("/healthz") == 200
    assert role.status("/readyz") == 503
    assert role.terminate() == 0


def test_it_has_a_live_page_once_it_serves(thunder: Thunder, kafka: KafkaBroker, topic: str, redis_url: str) -> None:
    role = start(thunder, kafka, topic, redis_url, "--live-page", "--follow-store")
    role.wait_until_ready()
    assert role.status("/") == 200
    assert role.status("/page/now?viewer=1") == 200
    assert role.terminate() == 0


def test_store_of_another_layout_exits_as_refused(
    thunder: Thunder, kafka: KafkaBroker, topic: str, redis_url: str
) -> None:
    start(thunder, kafka, topic, redis_url).wait_until_ready()
    ended = thunder.run(
        "serve", "--author-buckets", "128", "--redis-url", redis_url, "--grpc-port", "0", "--http-port=0"
    )
    assert ended.returncode == 3
    assert "256 buckets" in ended.stderr
