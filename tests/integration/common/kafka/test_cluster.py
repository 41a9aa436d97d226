"""The admin client on a real cluster."""

import time
from threading import Event

import pytest

from common.errors import KafkaUnavailable
from common.kafka.cluster import KafkaCluster
from common.kafka.connection import KafkaConnection
from common.kafka.producer import ProducerRecord
from common.kafka.topics import AtTime, Creation, Edge, PartitionAddress, TopicConfiguration, TopicOutcome
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.topic import topic_option
from tests.support.unused import free_port, unique


@pytest.fixture
def cluster(kafka: KafkaBroker) -> KafkaCluster:
    return KafkaCluster(KafkaConnection(kafka.bootstrap))


def retention_ms(kafka: KafkaBroker, topic: TopicConfiguration) -> str:
    return topic_option(kafka.bootstrap, topic.name, "retention.ms")


def test_a_topic_is_created_once_and_found_the_next_time(kafka: KafkaBroker, cluster: KafkaCluster) -> None:
    kept_a_day = TopicConfiguration(unique("day"), partitions=3, retention_seconds=86_400)
    kept_for_ever = TopicConfiguration(unique("ever"), replication_factor=1)
    assert cluster.create_topics([kept_a_day, kept_for_ever]) == [
        TopicOutcome(kept_a_day.name, Creation.CREATED, 3),
        TopicOutcome(kept_for_ever.name, Creation.CREATED, 1),
    ]
    assert cluster.create_topics([kept_a_day, kept_for_ever]) == [
        TopicOutcome(kept_a_day.name, Creation.THERE, 3),
        TopicOutcome(kept_for_ever.name, Creation.THERE, 1),
    ]
    assert (retention_ms(kafka, kept_a_day), retention_ms(kafka, kept_for_ever)) == ("86400000", "-1")


def test_topic_with_other_partitions_is_reported_unchanged(kafka: KafkaBroker, cluster: KafkaCluster) -> None:
    name = kafka.create_topic(unique("narrow"), partitions=2)
    [outcome] = cluster.create_topics([TopicConfiguration(name, partitions=5)])
    assert outcome == TopicOutcome(name, Creation.DIFFERS, 2, "it was to have 5 partitions")
    topics = cluster.wait_for_topic(name, Event())
    assert topics is not None
    assert topics[name] == 2


def test_a_topic_that_another_has_created_meanwhile_is_there(kafka: KafkaBroker, cluster: KafkaCluster) -> None:
    name = kafka.create_topic(unique("raced"), partitions=2)
    [outcome] = cluster.create_topics([TopicConfiguration(name, partitions=2)], existing={})
    assert outcome == TopicOutcome(name, Creation.THERE, 2)


def test_one_failed_creation_leaves_the_other_topics_created(cluster: KafkaCluster) -> None:
    impossible, fine = TopicConfiguration(unique("wide"), replication_factor=3), TopicConfiguration(unique("fine"))
    failed, created = cluster.create_topics([impossible, fine])
    assert (failed.creation, failed.partitions, created.creation) == (Creation.FAILED, None, Creation.CREATED)
    assert "replication factor" in failed.reason.lower()


def test_unreachable_brokers_are_awaited_until_the_timeout() -> None:
    absent = f"127.0.0.1:{free_port()}"
    cluster = KafkaCluster(KafkaConnection(absent))
    with pytest.raises(KafkaUnavailable, match=rf"waited 0\.1 s for Kafka brokers at {absent}: .*refused"):
        cluster.wait_for_brokers(seconds=0.1)
    with pytest.raises(KafkaUnavailable, match=f"Kafka at {absent} does not list its topics"):
        cluster.create_topics([TopicConfiguration("posts")])


def test_waiting_ends_when_stopped(cluster: KafkaCluster) -> None:
    stop = Event()
    stop.set()
    assert cluster.wait_for_brokers(stop) is None
    assert cluster.wait_for_topic(unique("missing"), stop) is None
    assert not cluster.wait_for_topic_to_write(unique("missing"), stop)


def test_a_moment_is_found_in_a_partition(kafka: KafkaBroker, cluster: KafkaCluster) -> None:
    place = PartitionAddress(kafka.create_topic(unique("moments")), 0)
    with cluster.writer_for(place) as writer:
        writer.produce_and_flush(ProducerRecord(b"early"))
        with cluster.reader_of(place) as reader:
            [early] = reader
        writer.produce_and_flush(ProducerRecord(b"late"))
    a_second_ahead = AtTime(int(time.time() * 1000) + 1000)
    starts = (Edge.BEGINNING, AtTime(0), AtTime(early.timestamp_ms), a_second_ahead, Edge.END)
    assert [cluster.offset_of(place, start, 10) for start in starts] == [0, 0, 0, 2, 2]
