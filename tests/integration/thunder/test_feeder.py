from collections.abc import Generator, Iterator

import pytest
from confluent_kafka import Consumer, TopicPartition

from thunder.demo.event_feed import Entrance, Feed, FeedMessage, SocialGraph, Viewer
from thunder.demo.feeder import MOST_AHEAD, Feeder
from thunder.demo.lag import Lag
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
    watch = Lag(addresses)
    yield watch
    watch.close()


def feed_of(messages: Iterator[FeedMessage], entrance: Entrance = Entrance.REFINED) -> Feed:
    return Feed(entrance, messages, Viewer(1, "", (), ""), str, (), {}, SocialGraph(1, (), {}))


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


@pytest.mark.parametrize(("entrance", "group"), [(Entrance.RAW, TRANSFORM_GROUP), (Entrance.REFINED, INGEST_GROUP)])
def test_what_is_fed_is_on_its_way_until_it_is_read(
    entrance: Entrance, group: str, addresses: Addresses, lag: Lag
) -> None:
    feeder = Feeder(feed_of(messages(10), entrance), addresses, lag)

    assert feeder.feed_until(1.0)

    assert (feeder.fed, feeder.authors, lag.events()) == (10, {1, 2, 3}, 10)
    read_everything(addresses, group, entrance.value)
    assert lag.events() == 0
    feeder.close()


def test_what_is_not_due_waits(addresses: Addresses, lag: Lag) -> None:
    feeder = Feeder(feed_of(iter([*messages(2, due_at=5.0), *messages(3, due_at=6.0)])), addresses, lag)

    assert feeder.feed_until(4.0)
    assert feeder.fed == 0
    assert feeder.feed_until(5.0)
    assert feeder.fed == 2
    assert feeder.feed_until(6.0)
    assert feeder.fed == 5
    feeder.close()


def test_feeder_stays_near_the_readers_and_skips_nothing(addresses: Addresses, lag: Lag) -> None:
    feeder = Feeder(feed_of(messages(MOST_AHEAD + 7)), addresses, lag)

    assert not feeder.feed_until(1.0)
    assert not feeder.feed_until(1.0)
    assert (feeder.fed, lag.events()) == (MOST_AHEAD, MOST_AHEAD)

    read_everything(addresses, INGEST_GROUP, addresses.topic_refined)
    assert feeder.feed_until(1.0)
    assert (feeder.fed, lag.events()) == (MOST_AHEAD + 7, 7)
    feeder.close()
