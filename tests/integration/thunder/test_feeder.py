from collections.abc import Generator, Iterator

import pytest
from confluent_kafka import Consumer, TopicPartition

from thunder.demo.event_feed import EventFeed, FeedMessage, InputTopic, SocialGraph, Viewer
from thunder.demo.feeder import MAX_LAG, Feeder, Lag
from thunder.demo.roles import INGEST_GROUP, TRANSFORM_GROUP, Addresses
from thunder.embedded.kafka_cluster import PARTITIONS, EmbeddedKafka


@pytest.fixture
def addresses() -> Generator[Addresses]:
    kafka = EmbeddedKafka()
    for topic in ("raw", "refined"):
        kafka.create_topic(topic)
    yield Addresses(kafka.bootstrap_servers, "raw", "refined", redis="", grpc="", http="")
    kafka.stop()


@pytest.fixture
def lag(addresses: Addresses) -> Generator[Lag]:
    measured = Lag(addresses)
    yield measured
    measured.close()


def feed_of(messages: Iterator[FeedMessage], input_topic: InputTopic = InputTopic.REFINED) -> EventFeed:
    return EventFeed(input_topic, messages, Viewer(1, "", (), ""), str, (), {}, SocialGraph(1, (), {}))


def messages(count: int, due_at: float = 0.0) -> Iterator[FeedMessage]:
    return (FeedMessage(due_at, number % 3 + 1, b"%d" % number, b"payload %d" % number) for number in range(count))


def read_everything(addresses: Addresses, group: str, topic: str) -> None:
    """Commit the ends of all partitions for a group, as a worker does that has read them."""
    client = Consumer({"bootstrap.servers": addresses.kafka, "group.id": group})
    partitions = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
    ends = [client.get_watermark_offsets(partition, timeout=5)[1] for partition in partitions]
    client.commit(
        offsets=[TopicPartition(topic, number, end) for number, end in enumerate(ends) if end], asynchronous=False
    )
    client.close()


@pytest.mark.parametrize(
    ("input_topic", "group"), [(InputTopic.RAW, TRANSFORM_GROUP), (InputTopic.REFINED, INGEST_GROUP)]
)
def test_sent_events_count_as_lag_until_committed(
    input_topic: InputTopic, group: str, addresses: Addresses, lag: Lag
) -> None:
    feeder = Feeder(feed_of(messages(10), input_topic), addresses, lag)

    assert feeder.send_due(1.0)

    assert (feeder.sent, feeder.authors, lag.events()) == (10, {1, 2, 3}, 10)
    read_everything(addresses, group, input_topic.value)
    assert lag.events() == 0
    feeder.close()


def test_events_wait_until_due(addresses: Addresses, lag: Lag) -> None:
    feeder = Feeder(feed_of(iter([*messages(2, due_at=5.0), *messages(3, due_at=6.0)])), addresses, lag)

    assert feeder.send_due(4.0)
    assert feeder.sent == 0
    assert feeder.send_due(5.0)
    assert feeder.sent == 2
    assert feeder.send_due(6.0)
    assert feeder.sent == 5
    feeder.close()


def test_feeder_stays_near_the_readers_and_skips_nothing(addresses: Addresses, lag: Lag) -> None:
    feeder = Feeder(feed_of(messages(MAX_LAG + 7)), addresses, lag)

    assert not feeder.send_due(1.0)
    assert not feeder.send_due(1.0)
    assert (feeder.sent, lag.events()) == (MAX_LAG, MAX_LAG)

    read_everything(addresses, INGEST_GROUP, addresses.topic_refined)
    assert feeder.send_due(1.0)
    assert (feeder.sent, lag.events()) == (MAX_LAG + 7, 7)
    feeder.close()
