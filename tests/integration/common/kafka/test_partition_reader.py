"""Reading a partition of a real broker, and its errors."""

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from pydantic import SecretStr

from common.errors import KafkaRefused, KafkaUnavailable
from common.kafka.cluster import KafkaCluster
from common.kafka.connection import KafkaConnection, SaslMechanism, SecurityProtocol
from common.kafka.producer import ProducerRecord
from common.kafka.reader import PartitionReader
from common.kafka.topics import Edge, PartitionAddress
from tests.support.kafka.broker import SASL_USER, KafkaBroker
from tests.support.unused import unique


@pytest.fixture
def cluster(kafka: KafkaBroker) -> KafkaCluster:
    return KafkaCluster(KafkaConnection(kafka.bootstrap))


@pytest.fixture
def place(kafka: KafkaBroker) -> PartitionAddress:
    """Partition 1 of a topic of two, with the messages a, b and c."""
    place = PartitionAddress(kafka.create_topic(unique("read"), partitions=2), 1)
    write(KafkaCluster(KafkaConnection(kafka.bootstrap)), place, b"a", b"b", b"c")
    return place


def write(cluster: KafkaCluster, place: PartitionAddress, *values: bytes) -> None:
    with cluster.writer_for(place) as writer:
        for value in values:
            writer.produce(ProducerRecord(value, key=value.upper()))


def values(reader: PartitionReader) -> list[bytes | None]:
    return [record.value for record in reader]


def test_a_message_comes_with_its_key_offset_and_time(cluster: KafkaCluster, place: PartitionAddress) -> None:
    with cluster.reader_of(place) as reader:
        records = list(reader)
    assert [(record.offset, record.key, record.value) for record in records] == [
        (0, b"A", b"a"),
        (1, b"B", b"b"),
        (2, b"C", b"c"),
    ]
    times = [record.timestamp_ms for record in records]
    assert times == sorted(times)
    assert times[0] > 1_700_000_000_000


def test_reading_starts_at_an_offset_and_resumes(cluster: KafkaCluster, place: PartitionAddress) -> None:
    with cluster.reader_of(place, 1) as from_one, cluster.reader_of(place, Edge.END) as from_the_end:
        assert (values(from_one), values(from_the_end)) == ([b"b", b"c"], [])
        write(cluster, place, b"d", b"e")
        assert (values(from_one), values(from_the_end)) == ([b"d", b"e"], [b"d", b"e"])
        assert from_one.position == from_one.end() == 5


def test_what_is_written_while_it_reads_comes_the_next_time(cluster: KafkaCluster, place: PartitionAddress) -> None:
    with cluster.reader_of(place) as reader:
        messages = iter(reader)
        first = next(messages).value
        write(cluster, place, b"d")
        assert [first, *(record.value for record in messages)] == [b"a", b"b", b"c"]
        assert values(reader) == [b"d"]


def test_a_reader_that_stopped_half_way_has_lost_nothing(cluster: KafkaCluster, place: PartitionAddress) -> None:
    with cluster.reader_of(place) as reader:
        assert next(iter(reader)).value == b"a"
        assert values(reader) == [b"b", b"c"]


def test_an_empty_partition_ends_at_once(cluster: KafkaCluster, place: PartitionAddress) -> None:
    with cluster.reader_of(place._replace(partition=0)) as reader:
        assert (values(reader), reader.end()) == ([], 0)


def test_a_transaction_that_did_not_come_about_is_left_out(
    kafka: KafkaBroker, cluster: KafkaCluster, place: PartitionAddress
) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": unique("transaction")})
    producer.init_transactions(30)
    for value, ends in ((b"aborted", producer.abort_transaction), (b"committed", producer.commit_transaction)):
        producer.begin_transaction()
        producer.produce(place.topic, value, partition=place.partition)
        producer.flush(30)
        ends(30)
    with cluster.reader_of(place) as reader:
        assert values(reader) == [b"a", b"b", b"c", b"committed"]
        assert reader.position == reader.end() == 7, "what ended the transactions has offsets too"


def test_an_offset_that_kafka_does_not_have_is_refused(
    kafka: KafkaBroker, cluster: KafkaCluster, place: PartitionAddress
) -> None:
    admin, kept_from = AdminClient({"bootstrap.servers": kafka.bootstrap}), TopicPartition(*place, 2)
    admin.delete_records([kept_from])[kept_from].result(30)
    with cluster.reader_of(place, 1) as reader, pytest.raises(KafkaRefused, match="does not have offset 1 of"):
        values(reader)


def test_missing_partition_is_awaited_until_the_timeout(cluster: KafkaCluster, place: PartitionAddress) -> None:
    with pytest.raises(KafkaUnavailable, match=r"waited 0\.1 s for Kafka partition .*\[7\] at .*artition"):
        cluster.reader_of(place._replace(partition=7), timeout_seconds=0.1)


def test_a_broker_that_goes_away_is_awaited_until_the_timeout(
    kafka: KafkaBroker, cluster: KafkaCluster, place: PartitionAddress
) -> None:
    with cluster.reader_of(place, timeout_seconds=0.1) as reader:
        kafka.stop()
        try:
            with pytest.raises(KafkaUnavailable, match=r"waited 0\.1 s for"):
                values(reader)
        finally:
            kafka.restart()
    with cluster.reader_of(place) as reader:
        assert values(reader) == [b"a", b"b", b"c"]


def test_a_wrong_password_is_refused(kafka: KafkaBroker, place: PartitionAddress) -> None:
    stranger = KafkaConnection(
        kafka.sasl_bootstrap,
        SecurityProtocol.SASL_PLAINTEXT,
        SaslMechanism.PLAIN,
        SASL_USER,
        SecretStr("not-the-password"),
    )
    with pytest.raises(KafkaRefused, match=f"Kafka refused user '{SASL_USER}'"):
        KafkaCluster(stranger).reader_of(place)
