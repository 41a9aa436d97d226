"""A topic of a real Kafka (or of librdkafka's mock cluster), with a group that reads it."""

from collections.abc import Callable
from typing import Any, cast

from confluent_kafka import Consumer, Producer, TopicPartition, admin
from confluent_kafka import Message as KafkaMessage
from prometheus_client import CollectorRegistry

from common.settings.kafka import KafkaSettings, OffsetReset
from ingest.kafka.consumer import GroupConsumer
from ingest.kafka.start_position import LineageSource
from ingest.metrics import IngestMetrics
from tests.support.unused import unique
from tests.support.wait import eventually


class KafkaTopic:
    """Messages in, commits and messages out. settings are those of KafkaSettings, besides brokers and group."""

    def __init__(self, bootstrap: str, name: str, **settings: object) -> None:
        self.bootstrap = bootstrap
        self.name = name
        self.group = unique("group")
        self.settings = KafkaSettings.model_validate(
            {"in_network_events_consumer_dest": bootstrap, "kafka_group_id": self.group, **settings}
        )
        self.lineage_now = ""
        self._producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0})

    def produce(self, *payloads: bytes | None, partition: int = 0) -> None:
        """Return when all are acknowledged."""
        for payload in payloads:
            self._producer.produce(self.name, payload, partition=partition)
        assert self._producer.flush(30) == 0

    def join(self, reset: OffsetReset = OffsetReset.SMALLEST, **settings: object) -> GroupConsumer:
        """A new member of the group, quick to return from a poll. Close it. lineage_now is that of what it fills."""
        changed = {"auto_offset_reset": reset, "fetch_timeout_ms": 100, "batch_linger_ms": 10, **settings}
        return GroupConsumer(
            self.settings.model_copy(update=changed),
            self.name,
            0,
            IngestMetrics(CollectorRegistry()),
            LineageSource(lambda: self.lineage_now, lambda: 0),
        )

    @property
    def commits(self) -> dict[int, int]:
        """Committed offset of each partition that has one."""
        reader = Consumer({"bootstrap.servers": self.bootstrap, "group.id": self.group})
        try:
            partitions = reader.list_topics(self.name, timeout=10).topics[self.name].partitions
            asked = [TopicPartition(self.name, partition) for partition in partitions]
            return {place.partition: place.offset for place in reader.committed(asked, timeout=10) if place.offset >= 0}
        finally:
            reader.close()


def read_topic(
    bootstrap: str, name: str, enough: Callable[[list[KafkaMessage]], bool], timeout: float = 30.0
) -> list[KafkaMessage]:
    """All messages of a topic from its start, once there are enough."""
    reader = Consumer({"bootstrap.servers": bootstrap, "group.id": unique("reader")})
    try:
        partitions = reader.list_topics(name, timeout=10).topics[name].partitions
        reader.assign([TopicPartition(name, partition, 0) for partition in partitions])
        messages: list[KafkaMessage] = []

        def read() -> bool:
            messages.extend(message for message in reader.consume(10_000, 0.1) if message.error() is None)
            return enough(messages)

        eventually(read, f"enough messages in {name}", timeout)
        return messages
    finally:
        reader.close()


def topic_option(bootstrap: str, topic: str, option: str) -> str:
    """Value of a broker's option of a topic, such as retention.ms."""
    kafka = cast("Any", admin)  # hardly typed
    client = kafka.AdminClient({"bootstrap.servers": bootstrap})
    [answer] = client.describe_configs([kafka.ConfigResource(kafka.ConfigResource.Type.TOPIC, topic)]).values()
    return str(answer.result(30)[option].value)
