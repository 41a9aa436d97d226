"""Topics and offsets as the brokers know them: each call asks once, bounded, and answers None when no broker does.

The admin client's own types and exceptions stop here.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any, cast

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition, Uuid
from confluent_kafka.admin import (
    AdminClient,
    ConfigResource,  # pyright: ignore[reportPrivateImportUsage] # exported, untyped as that
    OffsetSpec,  # pyright: ignore[reportPrivateImportUsage] # the same
)
from confluent_kafka.cimpl import NewTopic

from common.kafka.configuration import connection_configuration
from common.kafka.connection import KafkaConnection
from common.kafka.errors import RefusalWatch, client_configuration, error_of
from common.kafka.retrying import ATTEMPT_SECONDS
from common.kafka.topics import AtTime, Edge, PartitionAddress, TopicConfiguration, Topics

_BROKERS_CHOOSE = -1
_FOR_EVER = -1
_CREATION_SECONDS = 10.0
_NO_ID = str(Uuid(0, 0))
"""Of a topic of brokers older than 2.8."""


class KafkaAdmin:
    """Asks the brokers of one connection. For any thread. problem: what went wrong last, empty when nothing did."""

    def __init__(self, connection: KafkaConnection) -> None:
        """Connect in the background. ConfigurationError."""
        self._refusals = RefusalWatch(connection)
        self.problem = ""
        self._has_controller = False
        with client_configuration(connection):
            self._client = AdminClient(connection_configuration(connection, self._refusals.on_error))

    def topics(self, name: str | None = None) -> Topics | None:
        """All topics, or the named one: some brokers create a topic when asked for it by name. KafkaRefused."""
        try:
            cluster = self._client.list_topics(name, timeout=ATTEMPT_SECONDS)
        except KafkaException:
            self._client.poll(0)  # serves the error callback
            self._refusals.raise_if_refused()
            self.problem = self._refusals.latest
            return None
        self.problem, self._has_controller = "", cluster.controller_id in cluster.brokers
        return {name: len(topic.partitions) for name, topic in cluster.topics.items() if topic.error is None}

    def offset_of(self, address: PartitionAddress, start: Edge | AtTime) -> int | None:
        """Offset where the start lies; the end for a time without later messages. KafkaRefused."""
        asked = {TopicPartition(*address): offset_spec(start)}
        options = {"isolation_level": IsolationLevel.READ_COMMITTED, "request_timeout": ATTEMPT_SECONDS}
        try:
            [answer] = cast("dict[TopicPartition, Future[Any]]", self._client.list_offsets(asked, **options)).values()
            offset: int = answer.result().offset
        except KafkaException as failure:
            self.topics()  # otherwise librdkafka asks the leader that it knows, as it knows it, again and again
            self.problem = error_of(failure).str()
            return None
        return offset if offset >= 0 else self.offset_of(address, Edge.END)

    def topic_id(self, topic: str) -> str:
        """Id that the brokers gave the topic when it was made; empty where they give none now. topics() comes first."""
        if not self._has_controller:
            return ""  # librdkafka would wait for it; its mock cluster has none
        answers = cast("Any", self._client).describe_topics(TopicCollection([topic]), request_timeout=ATTEMPT_SECONDS)
        try:
            topic_id = str(answers[topic].result().topic_id)
        except KafkaException:
            return ""
        return "" if topic_id == _NO_ID else topic_id

    def configuration_of(self, topic: str) -> Mapping[str, str] | None:
        """Configuration of a topic, by Kafka's names."""
        asked = [ConfigResource(ConfigResource.Type.TOPIC, topic)]
        answers = cast("dict[Any, Future[Any]]", self._client.describe_configs(asked, request_timeout=ATTEMPT_SECONDS))
        [answer] = answers.values()
        try:
            return {name: entry.value for name, entry in answer.result().items()}
        except KafkaException:
            return None

    def create(self, wanted: Sequence[TopicConfiguration]) -> Mapping[str, KafkaError | None]:
        """Ask for topics; the error of each, by name."""
        if not wanted:
            return {}
        asked = [_new_topic(topic) for topic in wanted]
        seconds = {"operation_timeout": ATTEMPT_SECONDS, "request_timeout": _CREATION_SECONDS}
        answers = cast("dict[str, Future[None]]", self._client.create_topics(asked, **seconds))
        return {name: _error_within(answer) for name, answer in answers.items()}


def exists_already(error: KafkaError) -> bool:
    """Whether a topic was not created because it is there."""
    return error.code() == KafkaError.TOPIC_ALREADY_EXISTS


def _error_within(answer: Future[None]) -> KafkaError | None:
    try:
        answer.result()
    except KafkaException as failure:
        return error_of(failure)
    return None


def _new_topic(wanted: TopicConfiguration) -> NewTopic:
    retention_ms = _FOR_EVER if wanted.retention_seconds is None else wanted.retention_seconds * 1000
    return NewTopic(
        wanted.name,
        num_partitions=wanted.partitions,
        replication_factor=wanted.replication_factor or _BROKERS_CHOOSE,
        config={"retention.ms": str(retention_ms)},
    )


def offset_spec(start: Edge | AtTime) -> OffsetSpec:
    """The start as the admin client takes it."""
    match start:
        case Edge.BEGINNING:
            return cast("OffsetSpec", OffsetSpec.earliest())
        case Edge.END:
            return cast("OffsetSpec", OffsetSpec.latest())
        case AtTime(timestamp_ms):
            return OffsetSpec.for_timestamp(timestamp_ms)
