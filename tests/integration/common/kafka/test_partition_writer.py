"""Writing to a partition of a real broker, and its errors."""

import random
from collections.abc import Iterator

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from pydantic import SecretStr

from common.errors import KafkaRefused, KafkaUnavailable
from common.kafka.cluster import KafkaCluster
from common.kafka.connection import KafkaConnection, SaslMechanism, SecurityProtocol
from common.kafka.producer import NOTHING_WRITTEN, PartitionWriter, ProducerRecord
from common.kafka.topics import PartitionAddress, TopicConfiguration
from tests.support.kafka.broker import SASL_USER, KafkaBroker
from tests.support.kafka.topic import read_topic
from tests.support.unused import free_port, unique

MESSAGES = 30_000
PAYLOAD_BYTES = 320
RESET = b"reset"

MOST_QUEUED = 100_000
"""Messages that librdkafka holds before it takes no more."""


def payloads() -> Iterator[bytes]:
    """The same ones each time."""
    generator = random.Random(0)
    return (generator.randbytes(PAYLOAD_BYTES) for _ in range(MESSAGES))


@pytest.fixture
def cluster(kafka: KafkaBroker) -> KafkaCluster:
    return KafkaCluster(KafkaConnection(kafka.bootstrap))


@pytest.fixture
def place(kafka: KafkaBroker) -> PartitionAddress:
    """Partition 1 of a topic of three."""
    return PartitionAddress(kafka.create_topic(unique("written"), partitions=3), 1)


def test_thirty_thousand_messages_arrive_byte_for_byte_in_order(kafka: KafkaBroker) -> None:
    place = PartitionAddress(unique("test_topic"), 0)
    cluster = KafkaCluster(KafkaConnection(kafka.bootstrap))
    cluster.wait_for_brokers(seconds=30)
    cluster.create_topics([TopicConfiguration(place.topic)])
    with cluster.writer_for(place) as writer:
        assert writer.produce_and_flush(ProducerRecord(RESET)) == 0
        for payload in payloads():
            writer.produce(ProducerRecord(payload))
        assert writer.flush() == MESSAGES
    with cluster.reader_of(place) as reader:
        first, *others = reader
        assert reader.end() == reader.position == MESSAGES + 1
    assert (first.offset, first.value) == (0, RESET)
    assert [record.offset for record in others] == list(range(1, MESSAGES + 1))
    assert [record.value for record in others] == list(payloads())


def test_key_value_and_headers_reach_the_partition(
    kafka: KafkaBroker, cluster: KafkaCluster, place: PartitionAddress
) -> None:
    with cluster.writer_for(place) as writer:
        writer.produce(ProducerRecord(b"21.5", b"cellar", {"unit": "celsius"}))
    [message] = read_topic(kafka.bootstrap, place.topic, lambda messages: len(messages) == 1)
    assert (message.partition(), message.key(), message.value()) == (1, b"cellar", b"21.5")
    assert message.headers() == [("unit", b"celsius")]


def test_every_flush_returns_the_latest_offset(cluster: KafkaCluster, place: PartitionAddress) -> None:
    with cluster.writer_for(place) as writer:
        assert writer.flush() == NOTHING_WRITTEN
        assert [writer.produce_and_flush(ProducerRecord(b"")) for _ in range(3)] == [0, 1, 2]
        assert writer.flush() == 2


def impatient(cluster: KafkaCluster, place: PartitionAddress) -> PartitionWriter:
    return cluster.writer_for(place, timeout_seconds=2)


def test_flush_fails_without_the_broker_and_starts_afresh(
    kafka: KafkaBroker, cluster: KafkaCluster, place: PartitionAddress
) -> None:
    with impatient(cluster, place) as writer:
        writer.produce_and_flush(ProducerRecord(b"before"))
        kafka.stop()
        try:
            writer.produce(ProducerRecord(b"lost"))
            with pytest.raises(KafkaUnavailable, match=f"messages to {place.topic} were not delivered"):
                writer.flush()
        finally:
            kafka.restart()
        assert cluster.wait_for_brokers(seconds=30)
        assert writer.flush() == 0, "what was lost is reported once"
    with cluster.writer_for(place) as patient:
        assert patient.produce_and_flush(ProducerRecord(b"after")) == 1


def test_a_writer_whose_queue_is_full_waits_for_room() -> None:
    absent = KafkaCluster(KafkaConnection(f"127.0.0.1:{free_port()}"))
    writer = impatient(absent, PartitionAddress("posts", 0))
    for _ in range(MOST_QUEUED + 1):
        writer.produce(ProducerRecord(b""))
    with pytest.raises(KafkaUnavailable, match="not delivered"):
        writer.flush()
    writer.close()


def test_leaving_the_block_flushes_and_so_may_fail(kafka: KafkaBroker, cluster: KafkaCluster) -> None:
    place = PartitionAddress(unique("missing"), 0)
    with pytest.raises(KafkaUnavailable, match="not delivered"), impatient(cluster, place) as writer:
        writer.produce(ProducerRecord(b"nowhere to go"))


def test_oversized_message_is_refused_and_the_others_are_sent(cluster: KafkaCluster, place: PartitionAddress) -> None:
    with cluster.writer_for(place) as writer:
        writer.produce(ProducerRecord(b"before"))
        with pytest.raises(KafkaRefused, match="too large"):
            writer.produce(ProducerRecord(bytes(2_000_000)))
        assert writer.produce_and_flush(ProducerRecord(b"after")) == 1


def test_a_message_larger_than_the_topic_takes_is_refused(kafka: KafkaBroker, cluster: KafkaCluster) -> None:
    place = PartitionAddress(unique("small"), 0)
    small = NewTopic(place.topic, num_partitions=1, config={"max.message.bytes": "1000"})
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    admin.create_topics([small])[place.topic].result(30)
    with cluster.writer_for(place) as writer:
        writer.produce(ProducerRecord(random.Random(0).randbytes(5000)))
        with pytest.raises(KafkaRefused, match="too large"):
            writer.flush()


def test_a_partition_that_does_not_exist_is_refused(cluster: KafkaCluster, place: PartitionAddress) -> None:
    writer = cluster.writer_for(place._replace(partition=7))
    with pytest.raises(KafkaRefused, match="Unknown partition"):
        writer.produce_and_flush(ProducerRecord(b"nowhere to go"))
    writer.close()


def test_a_wrong_password_is_refused(kafka: KafkaBroker, place: PartitionAddress) -> None:
    stranger = KafkaConnection(
        kafka.sasl_bootstrap,
        SecurityProtocol.SASL_PLAINTEXT,
        SaslMechanism.SCRAM_SHA_512,
        SASL_USER,
        SecretStr("not-the-password"),
    )
    writer = KafkaCluster(stranger).writer_for(place)
    writer.produce(ProducerRecord(b"for any reader"))
    with pytest.raises(KafkaRefused, match=f"Kafka refused user '{SASL_USER}'"):
        writer.flush()
    writer.close()
