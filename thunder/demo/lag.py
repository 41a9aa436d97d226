"""How many events are on their way: written to a topic, but not yet read for good."""

from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from common.errors import KafkaUnavailable
from thunder.demo.roles import INGEST_GROUP, TRANSFORM_GROUP, Addresses
from thunder.embedded.kafka_cluster import PARTITIONS

_SECONDS_TO_ANSWER = 5.0


class _Reader(NamedTuple):
    """A client that may ask what a group has committed, without being a member of it."""

    client: Consumer
    partitions: list[TopicPartition]


class Lag:
    """Lag of the transformer and of the ingest worker, together."""

    def __init__(self, addresses: Addresses) -> None:
        """Ask the brokers of these addresses."""
        groups = ((TRANSFORM_GROUP, addresses.topic_raw), (INGEST_GROUP, addresses.topic_refined))
        self._readers = [_reader(addresses.kafka, group, topic) for group, topic in groups]

    def events(self) -> int:
        """Events on their way now; one that is just passed on counts twice. Raises KafkaUnavailable. Takes a ms."""
        try:
            return sum(_lag(reader) for reader in self._readers)
        except KafkaException as error:
            raise KafkaUnavailable(f"the embedded broker does not answer: {error}") from error

    def close(self) -> None:
        """Close the connections."""
        for reader in self._readers:
            reader.client.close()


def _reader(brokers: str, group: str, topic: str) -> _Reader:
    client = Consumer({"bootstrap.servers": brokers, "group.id": group, "log_level": 0})
    return _Reader(client, [TopicPartition(topic, partition) for partition in range(PARTITIONS)])


def _lag(reader: _Reader) -> int:
    committed = reader.client.committed(reader.partitions, timeout=_SECONDS_TO_ANSWER)
    ends = (reader.client.get_watermark_offsets(each, timeout=_SECONDS_TO_ANSWER)[1] for each in reader.partitions)
    return sum(_unread(position.offset, end) for position, end in zip(committed, ends, strict=True))


def _unread(committed: int, end: int) -> int:
    """A group that has committed nothing has a negative offset and everything before it."""
    return end - max(0, committed)
