"""Which codec the messages of a topic are compressed with. Pure."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from confluent_kafka import KafkaError

from common.kafka.connection import KafkaConnection
from common.settings.kafka import KafkaSettings


class Codec(StrEnum):
    """How a batch of messages is compressed; readers need no setting for it."""

    LZ4 = "lz4"
    ZSTD = "zstd"
    GZIP = "gzip"
    SNAPPY = "snappy"
    NONE = "none"


class Compression(NamedTuple):
    """The codec of each topic: its own, or that of all the others."""

    others: Codec
    by_topic: Mapping[str, Codec]

    def codec_of(self, topic: str) -> Codec:
        """What messages to the topic are compressed with."""
        return self.by_topic.get(topic, self.others)

    @property
    def codecs(self) -> frozenset[Codec]:
        """All that may be needed."""
        return frozenset((self.others, *self.by_topic.values()))


def read_compression(text: str) -> Compression:
    """CODEC, or TOPIC=CODEC, or several of these with commas between; topics not named take the CODEC, else lz4.

    ValueError says what may be written.
    """
    others, by_topic = Codec.LZ4, dict[str, Codec]()
    for part in text.split(","):
        topic, named, codec = part.strip().rpartition("=")
        if named:
            by_topic[topic.strip()] = _codec(codec)
        else:
            others = _codec(codec)
    return Compression(others, by_topic)


def _codec(name: str) -> Codec:
    try:
        return Codec(name.strip())
    except ValueError:
        raise ValueError(
            f"compression is one of {', '.join(Codec)}, or TOPIC=CODEC with commas between, and one codec is unknown"
        ) from None


Configuration = dict[str, Any]
"""Configuration of one librdkafka client."""

OnError = Callable[[KafkaError], None]
"""Told of errors that belong to no call: see RefusalWatch.notice."""

_FETCH_BYTES = 50 * 1024 * 1024
"""What one fetch brings over all partitions, unless a single partition may bring more."""

_RESPONSE_OVERHEAD_BYTES = 1024
"""Room for the frame around a fetch of the largest size."""

_SESSION_MS = 10_000
_STATIC_SESSION_MS = 45_000
"""How long a silent worker keeps its partitions: a static member must have the time to restart."""

_HEARTBEAT_MS = 1_000
"""How soon a member notices that the group rebalances."""

_MAX_POLL_MS = 300_000

_LOG_CRITICAL = 2
"""librdkafka logs every attempt to connect; the error callback says the same, and we log that in our own format."""


def access_configuration(access: KafkaConnection, on_error: OnError) -> Configuration:
    """Where the brokers are and who we are to them. Common to all kinds of clients."""
    secret = access.password.get_secret_value() if access.password else None
    named = {
        "bootstrap.servers": access.brokers,
        "security.protocol": access.protocol.value,
        "sasl.mechanism": access.mechanism.value if access.mechanism else None,
        "sasl.username": access.user,
        "sasl.password": secret,
        "ssl.ca.location": access.ssl_ca_location,
        "ssl.certificate.location": access.ssl_certificate_location,
        "ssl.key.location": access.ssl_key_location,
        "client.id": "thunder",
        "socket.keepalive.enable": True,
        "statistics.interval.ms": 0,
        "log_level": _LOG_CRITICAL,
        "error_cb": on_error,
    }
    return {name: value for name, value in named.items() if value is not None}


def consumer_configuration(settings: KafkaSettings, member: int, on_error: OnError) -> Configuration:
    """For the `member`-th consumer of this process (from 0). Commits are ours; out of range resumes at the earliest.

    Where a partition without a commit starts is resolved by us, so that the start can be committed.
    """
    instance = settings.kafka_group_instance_id
    fetch_bytes = max(_FETCH_BYTES, settings.max_partition_fetch_bytes)
    membership = {"group.instance.id": f"{instance}-{member}"} if instance else {}
    return {
        **access_configuration(settings.consumer_connection, on_error),
        **membership,
        "group.id": settings.kafka_group_id,
        "session.timeout.ms": _STATIC_SESSION_MS if instance else _SESSION_MS,
        "heartbeat.interval.ms": _HEARTBEAT_MS,
        "max.poll.interval.ms": _MAX_POLL_MS,
        "partition.assignment.strategy": settings.partition_assignment_strategy,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        "allow.auto.create.topics": False,
        "isolation.level": "read_committed",
        "max.partition.fetch.bytes": settings.max_partition_fetch_bytes,
        "fetch.max.bytes": fetch_bytes,
        "receive.message.max.bytes": fetch_bytes + _RESPONSE_OVERHEAD_BYTES,
    }


def reader_configuration(access: KafkaConnection, on_error: OnError) -> Configuration:
    """For a reader that is told where to begin and belongs to no group. An offset that is not there is an error."""
    return {
        **access_configuration(access, on_error),
        "group.id": "thunder-reader",  # librdkafka asks for one; nothing is committed to it
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "error",
        "allow.auto.create.topics": False,
        "isolation.level": "read_committed",
    }


class Packing(NamedTuple):
    """How messages to one partition are sent together.

    linger_ms: how long the first waits for others; batch_bytes: what is sent without further wait; queue_messages: how
    many a client holds, in all partitions, before it refuses more.
    """

    linger_ms: int = 5
    batch_bytes: int = 100_000
    codec: Codec = Codec.LZ4
    queue_messages: int = 100_000


_USUAL_PACKING = Packing()


def producer_configuration(
    access: KafkaConnection, message_timeout_seconds: float, on_error: OnError, packing: Packing = _USUAL_PACKING
) -> Configuration:
    """Idempotent, acknowledged by all in-sync replicas, partitioned by key as Java's clients do it.

    message_timeout_seconds: how long librdkafka itself retries to deliver a message.
    """
    return {
        **access_configuration(access, on_error),
        "enable.idempotence": True,
        "acks": "all",
        "linger.ms": packing.linger_ms,
        "batch.size": packing.batch_bytes,
        "compression.codec": packing.codec.value,
        "queue.buffering.max.messages": packing.queue_messages,
        "message.timeout.ms": round(message_timeout_seconds * 1000),
        "partitioner": "murmur2_random",
    }


def rebalances_incrementally(settings: KafkaSettings) -> bool:
    """Whether partitions come and go one by one, or all are given anew at each rebalance."""
    return settings.partition_assignment_strategy == "cooperative-sticky"
