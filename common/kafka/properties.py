"""Further properties of librdkafka (`--kafka-property name=value`): which may be set, and why others may not. Pure."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from pydantic import SecretStr

_COMMITS = "offsets are committed when their messages are applied, by the worker itself"
_START = "the worker resolves and commits where a partition starts"
_WHOLE = "messages of aborted transactions must not be read, nor transactions in part"
_DELIVERY = "every message must be acknowledged by all in-sync replicas, once and in order"
_REBALANCE = "the worker hands partitions over by the classic protocol of groups"
_PARTITIONS = "partitions that are added must be found, and ends of partitions reported"
_CALLBACK = "it would take the place of a callback of this process"

REFUSED: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("bootstrap.servers", "metadata.broker.list"), "set --in-network-events-consumer-dest")
    | {"security.protocol": "set --security-protocol"}
    | dict.fromkeys(("sasl.mechanism", "sasl.mechanisms"), "set --sasl-mechanism")
    | {"sasl.username": "set --kafka-sasl-user"}
    | dict.fromkeys(("sasl.password", "sasl.oauthbearer.client.secret"), "set --kafka-sasl-password")
    | {"ssl.ca.location": "set --ssl-ca-location"}
    | {"ssl.certificate.location": "set --ssl-certificate-location", "ssl.key.location": "set --ssl-key-location"}
    | dict.fromkeys(("group.id", "group.instance.id"), "set --kafka-group-id and --kafka-group-instance-id")
    | {"partition.assignment.strategy": "set --partition-assignment-strategy"}
    | dict.fromkeys(("max.partition.fetch.bytes", "fetch.message.max.bytes"), "set --max-partition-fetch-bytes")
    | dict.fromkeys(
        ("enable.auto.commit", "auto.commit.enable", "auto.commit.interval.ms", "enable.auto.offset.store"), _COMMITS
    )
    | dict.fromkeys(("offset.store.method", "offset.store.path", "offset.store.sync.interval.ms"), _COMMITS)
    | {"auto.offset.reset": _START, "isolation.level": _WHOLE}
    | dict.fromkeys(("enable.partition.eof", "topic.metadata.refresh.interval.ms"), _PARTITIONS)
    | {"allow.auto.create.topics": "a topic of a wrong name must be missed, not created"}
    | dict.fromkeys(("enable.idempotence", "acks", "request.required.acks", "transactional.id"), _DELIVERY)
    | dict.fromkeys(("message.timeout.ms", "delivery.timeout.ms", "retries", "message.send.max.retries"), _DELIVERY)
    | dict.fromkeys(("max.in.flight", "max.in.flight.requests.per.connection"), _DELIVERY)
    | dict.fromkeys(("partitioner", "msg_order_cmp", "queuing.strategy"), "an author's events share a partition")
    | dict.fromkeys(("compression.codec", "compression.type"), "set --compression, of a source")
    | dict.fromkeys(("queue.buffering.max.messages", "queue.buffering.max.kbytes"), "set --queue-size, of a source")
    | dict.fromkeys(("group.protocol", "group.remote.assignor", "group.protocol.type"), _REBALANCE)
    | dict.fromkeys(
        ("enable.ssl.certificate.verification", "ssl.endpoint.identification.algorithm"),
        "an invalid certificate is never accepted",
    )
    | {"log_level": "set --log-level", "statistics.interval.ms": "nothing reads these statistics"}
    | dict.fromkeys(
        ("error_cb", "oauth_cb", "stats_cb", "throttle_cb", "logger", "on_commit", "on_delivery", "opaque"), _CALLBACK
    )
    | dict.fromkeys(
        ("delivery.report.only.error", "dr_cb", "dr_msg_cb", "enabled_events", "plugin.library.paths"), _CALLBACK
    )
)
"""Names that the product sets itself, or on which an invariant depends, each with the reason or the setting to use."""

TOKEN_PROPERTIES = ("sasl.oauthbearer.", "enable.sasl.oauthbearer.")
"""Beginnings of properties that say where tokens for OAUTHBEARER come from."""


def parse_properties(entries: Iterable[SecretStr]) -> tuple[tuple[str, SecretStr], ...]:
    """Names and values, the last value of a name. ValueError names what may not be set, and never quotes a value."""
    properties: dict[str, SecretStr] = {}
    for number, entry in enumerate(entries, start=1):
        name, separator, value = entry.get_secret_value().partition("=")
        name = name.strip()
        if not separator or not name:
            raise ValueError(f"kafka_property: entry {number} is not name=value")
        if name in REFUSED:
            raise ValueError(f"kafka_property must not set {name}: {REFUSED[name]}")
        properties[name] = SecretStr(value.strip())
    return tuple(properties.items())


def split_entries(value: object) -> object:
    """Take apart a text with an entry a line, or with semicolons between; lines of comments (#) are skipped."""
    if not isinstance(value, str):
        return value
    lines = (line.strip() for line in value.replace(";", "\n").splitlines())
    return [line for line in lines if line and not line.startswith("#")]
