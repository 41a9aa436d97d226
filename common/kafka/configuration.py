"""Configuration of librdkafka's clients, in its dotted names, and the codec of each topic. Pure."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from confluent_kafka import KafkaError

from common.kafka.connection import KafkaConnection, SaslMechanism
from common.kafka.tokens import TokenFile
from common.process_name import client_id
from common.settings.kafka import KafkaSettings
from common.settings.schema import title_of


class Codec(StrEnum):
    """Compression of a batch of messages; readers need no setting for it."""

    LZ4 = "lz4"
    ZSTD = "zstd"
    GZIP = "gzip"
    SNAPPY = "snappy"
    NONE = "none"


class Compression(NamedTuple):
    """The codec of each topic: its own, or the one for all others."""

    others: Codec
    by_topic: Mapping[str, Codec]

    def codec_of(self, topic: str) -> Codec:
        """Codec of messages to the topic."""
        return self.by_topic.get(topic, self.others)

    @property
    def codecs(self) -> frozenset[Codec]:
        """All codecs that may be needed."""
        return frozenset((self.others, *self.by_topic.values()))


def read_compression(text: str) -> Compression:
    """CODEC, or TOPIC=CODEC, or several of these with commas between; topics not named take the CODEC, else lz4.

    ValueError says which codecs there are.
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
"""Callback for errors that belong to no call, such as RefusalWatch.on_error."""

_FETCH_BYTES = 50 * 1024 * 1024
"""Largest fetch over all partitions, unless a single partition may bring more."""

_RESPONSE_OVERHEAD_BYTES = 1024
"""Room for the frame around a fetch of the largest size."""

_SESSION_MS = 10_000
_STATIC_SESSION_MS = 45_000
"""Time that a silent worker keeps its partitions: a static member needs time to restart."""

_HEARTBEAT_MS = 1_000
"""Interval in which a member learns that the group rebalances."""

_MAX_POLL_MS = 300_000

_METADATA_REFRESH_MS = 15_000
"""Interval in which a consumer learns of partitions that were added to its topic."""

_LOG_CRITICAL = 2
"""librdkafka logs every attempt to connect; the error callback reports the same, and RefusalWatch logs it."""


def connection_configuration(connection: KafkaConnection, on_error: OnError) -> Configuration:
    """Brokers, login and further properties: the part that all kinds of clients share. ConfigurationError."""
    named = {
        "bootstrap.servers": connection.brokers,
        "security.protocol": connection.protocol.value,
        "sasl.mechanism": connection.mechanism.value if connection.mechanism else None,
        **_login(connection),
        "ssl.ca.location": connection.ssl_ca_location,
        "ssl.certificate.location": connection.ssl_certificate_location,
        "ssl.key.location": connection.ssl_key_location,
        "client.id": "thunder",
        "socket.keepalive.enable": True,
        "statistics.interval.ms": 0,
        "log_level": _LOG_CRITICAL,
        "error_cb": on_error,
        **_further(connection),
    }
    return {name: value for name, value in named.items() if value is not None}


def _login(connection: KafkaConnection) -> Configuration:
    """Credentials: user and password, or where tokens come from."""
    secret = connection.password.get_secret_value() if connection.password else None
    if connection.mechanism is not SaslMechanism.OAUTHBEARER:
        return {"sasl.username": connection.user, "sasl.password": secret}
    if connection.tokens.file is not None:
        return {"oauth_cb": TokenFile(connection.tokens.file)}
    if connection.tokens.url is None:
        return {}  # further properties say it
    return {
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.token.endpoint.url": connection.tokens.url,
        "sasl.oauthbearer.client.id": connection.user,
        "sasl.oauthbearer.client.secret": secret,
    }


def _further(connection: KafkaConnection) -> Configuration:
    """Properties that the operator gives: they come last, so that they win."""
    return {name: value.get_secret_value() for name, value in connection.properties}


def consumer_configuration(settings: KafkaSettings, member: int, on_error: OnError) -> Configuration:
    """For the `member`-th consumer of this process (from 0). No automatic commits; out of range resumes earliest.

    The start of a partition without a commit is resolved by the worker, so that it can be committed.
    """
    instance = settings.kafka_group_instance_id
    fetch_bytes = max(_FETCH_BYTES, settings.max_partition_fetch_bytes)
    membership = {"group.instance.id": f"{instance}-{member}"} if instance else {}
    return {
        **connection_configuration(settings.consumer_connection, on_error),
        **membership,
        "client.id": client_id(title_of(type(settings))),
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
        "enable.partition.eof": True,
        "topic.metadata.refresh.interval.ms": _METADATA_REFRESH_MS,
        "max.partition.fetch.bytes": settings.max_partition_fetch_bytes,
        "fetch.max.bytes": fetch_bytes,
        "receive.message.max.bytes": fetch_bytes + _RESPONSE_OVERHEAD_BYTES,
        **_further(settings.consumer_connection),
    }


def lookup_configuration(settings: KafkaSettings, on_error: OnError) -> Configuration:
    """For a client that asks for the commits of the group and for offsets, and reads nothing."""
    return {
        **connection_configuration(settings.consumer_connection, on_error),
        "group.id": settings.kafka_group_id,
        "enable.auto.commit": False,
        "allow.auto.create.topics": False,
        "isolation.level": "read_committed",
    }


def reader_configuration(connection: KafkaConnection, on_error: OnError) -> Configuration:
    """For a reader with a given start and without a group. An offset that Kafka does not have is an error."""
    return {
        **connection_configuration(connection, on_error),
        "group.id": "thunder-reader",  # librdkafka asks for one; nothing is committed to it
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "error",
        "allow.auto.create.topics": False,
        "isolation.level": "read_committed",
    }


MAX_QUEUE_KBYTES = 2_147_483_647
"""The largest limit that librdkafka takes: for a queue that is limited by its messages alone."""


class Packing(NamedTuple):
    """Batching of messages to one partition.

    linger_ms: longest wait of the first message for others; batch_bytes: size that is sent without further wait;
    queue_messages and queue_kbytes: what a client holds, over all partitions, before it refuses more.
    """

    linger_ms: int = 5
    batch_bytes: int = 100_000
    codec: Codec = Codec.LZ4
    queue_messages: int = 100_000
    queue_kbytes: int = 1_048_576


_DEFAULT_PACKING = Packing()


def producer_configuration(
    connection: KafkaConnection, message_timeout_seconds: float, on_error: OnError, packing: Packing = _DEFAULT_PACKING
) -> Configuration:
    """For an idempotent producer: acknowledged by all in-sync replicas, partitioned by key as Java's clients do it.

    message_timeout_seconds: how long librdkafka retries to deliver a message.
    """
    return {
        **connection_configuration(connection, on_error),
        "enable.idempotence": True,
        "acks": "all",
        "linger.ms": packing.linger_ms,
        "batch.size": packing.batch_bytes,
        "compression.codec": packing.codec.value,
        "queue.buffering.max.messages": packing.queue_messages,
        "queue.buffering.max.kbytes": packing.queue_kbytes,
        "message.timeout.ms": round(message_timeout_seconds * 1000),
        "partitioner": "murmur2_random",
        **_further(connection),
    }


def rebalances_incrementally(settings: KafkaSettings) -> bool:
    """Whether a rebalance moves single partitions, instead of revoking and assigning all."""
    return settings.partition_assignment_strategy == "cooperative-sticky"
