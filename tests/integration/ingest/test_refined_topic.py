"""The sink of the transformer on a real broker: what it sends, and how it ends when the topic takes nothing."""

import pytest

from common.errors import KafkaUnavailable
from common.post import LightPost
from common.settings.kafka import KafkaSettings
from ingest.decode.refined_event import decode_event
from ingest.events import AuthorDelete, PostDelete
from ingest.write.refined_topic import RefinedTopicSink, SendFailed
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.topic import read_topic
from tests.support.unused import unique

EVENTS = [LightPost(1, 10, 1000, has_video=True), PostDelete(2, 1001), AuthorDelete(20, 1002)]


def sink(kafka: KafkaBroker, topic: str, timeout_seconds: float = 10) -> RefinedTopicSink:
    settings = KafkaSettings.model_validate(
        {
            "kafka_group_id": "unused",
            "in_network_events_consumer_dest": kafka.bootstrap,
            "innetwork_post_topic": topic,
        }
    )
    return RefinedTopicSink(settings, timeout_seconds)


def test_events_are_in_the_topic_when_write_returns(kafka: KafkaBroker) -> None:
    topic = kafka.create_topic(unique("refined"))
    sink(kafka, topic).write(EVENTS, now=0)
    messages = read_topic(kafka.bootstrap, topic, lambda messages: len(messages) >= 3)
    assert [decode_event(message.value() or b"") for message in messages] == EVENTS
    assert [message.key() for message in messages] == [b"1", b"2", b"20"]


def test_refusing_topic_is_tried_twice_then_stops_the_worker(kafka: KafkaBroker) -> None:
    topic = unique("missing")
    failing = sink(kafka, topic, timeout_seconds=1)
    with pytest.raises(KafkaUnavailable, match=f"messages to {topic} were not delivered"):
        failing.write(EVENTS, now=0)
    with pytest.raises(SendFailed, match=f"Topic {topic}"):
        failing.write(EVENTS, now=0)


def test_a_success_in_between_is_a_new_beginning(kafka: KafkaBroker) -> None:
    topic = unique("late")
    failing = sink(kafka, topic, timeout_seconds=2)
    with pytest.raises(KafkaUnavailable):
        failing.write(EVENTS, now=0)
    kafka.create_topic(topic)
    failing.write(EVENTS, now=0)
    assert read_topic(kafka.bootstrap, topic, lambda messages: len(messages) >= 3)


def test_nothing_to_send_needs_no_broker(kafka: KafkaBroker) -> None:
    sink(kafka, unique("missing")).write([], now=0)
