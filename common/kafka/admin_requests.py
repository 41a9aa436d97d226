"""What librdkafka's admin client is asked, in its own types."""

from typing import cast

from confluent_kafka.admin import (
    ConfigResource,  # pyright: ignore[reportPrivateImportUsage] # exported, untyped as that
    OffsetSpec,  # pyright: ignore[reportPrivateImportUsage] # the same
)
from confluent_kafka.cimpl import NewTopic

from common.kafka.address import Edge, Since
from common.kafka.topics import TopicConfiguration

_BROKERS_CHOOSE = -1
_FOR_EVER = -1


def new_topic(wanted: TopicConfiguration) -> NewTopic:
    """The topic to create."""
    retention_ms = _FOR_EVER if wanted.retention_seconds is None else wanted.retention_seconds * 1000
    return NewTopic(
        wanted.name,
        num_partitions=wanted.partitions,
        replication_factor=wanted.replication_factor or _BROKERS_CHOOSE,
        config={"retention.ms": str(retention_ms)},
    )


def offset_spec(start: Edge | Since) -> OffsetSpec:
    """Which offset of a partition is looked for."""
    match start:
        case Edge.BEGINNING:
            return cast("OffsetSpec", OffsetSpec.earliest())
        case Edge.END:
            return cast("OffsetSpec", OffsetSpec.latest())
        case Since(timestamp_ms):
            return OffsetSpec.for_timestamp(timestamp_ms)


def topic_resource(topic: str) -> ConfigResource:
    """The topic whose configuration is asked for."""
    return ConfigResource(ConfigResource.Type.TOPIC, topic)
