"""The brokers of one connection: which topics they have, creating topics, writers and readers of partitions."""

import math
from collections.abc import Mapping, Sequence, Set
from concurrent.futures import Future
from functools import partial
from threading import Event
from typing import Any, cast

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    ConfigResource,  # pyright: ignore[reportPrivateImportUsage] # exported, untyped as that
    OffsetSpec,  # pyright: ignore[reportPrivateImportUsage] # the same
)
from confluent_kafka.cimpl import NewTopic

from common.errors import KafkaUnavailable
from common.kafka.configuration import access_configuration
from common.kafka.connection import KafkaConnection
from common.kafka.errors import RefusalWatch, client_configuration, error_of
from common.kafka.producer import PartitionWriter
from common.kafka.reader import PartitionReader
from common.kafka.retrying import ATTEMPT_SECONDS, retry_until
from common.kafka.topics import (
    AtTime,
    Creation,
    Edge,
    PartitionAddress,
    StartPosition,
    TopicConfiguration,
    TopicOutcome,
    found,
)

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


def offset_spec(start: Edge | AtTime) -> OffsetSpec:
    """Which offset of a partition is looked for."""
    match start:
        case Edge.BEGINNING:
            return cast("OffsetSpec", OffsetSpec.earliest())
        case Edge.END:
            return cast("OffsetSpec", OffsetSpec.latest())
        case AtTime(timestamp_ms):
            return OffsetSpec.for_timestamp(timestamp_ms)


def topic_resource(topic: str) -> ConfigResource:
    """The topic whose configuration is asked for."""
    return ConfigResource(ConfigResource.Type.TOPIC, topic)


Topics = Mapping[str, int]
"""Topics that are there, with the number of their partitions."""

_CREATION_SECONDS = 10.0
_LISTING_SECONDS = 10.0


class KafkaCluster:
    """Its calls block, those that wait without a bound unless they are given one. For any thread."""

    def __init__(self, access: KafkaConnection) -> None:
        """Connect in the background. ConfigurationError."""
        self._access = access
        self._refusals = RefusalWatch(access)
        self._trouble = ""
        with client_configuration(access):
            self._admin = AdminClient(access_configuration(access, self._refusals.notice))

    def wait_for_brokers(self, stop: Event | None = None, seconds: float = math.inf) -> Topics | None:
        """All topics, once the brokers answer; None when told to stop first.

        KafkaUnavailable when they do not within so many seconds, KafkaRefused.
        """
        return retry_until(
            self._topics, f"Kafka brokers at {self._access.brokers}", lambda: self._trouble, stop, seconds
        )

    def wait_for_topic(self, topic: str, stop: Event) -> Topics | None:
        """All topics, once this one is among them; None when told to stop first. KafkaRefused.

        It is looked for among all of them: asking for it by name would create it on some brokers.
        """
        return self._wait_for_topic(topic, stop, asked=None)

    def wait_for_topic_to_write(self, topic: str, stop: Event) -> bool:
        """Return True once the topic exists, False when told to stop first. KafkaRefused.

        It is asked for by name: brokers that create topics on use create it.
        """
        return self._wait_for_topic(topic, stop, asked=topic) is not None

    def create_topics(self, wanted: Sequence[TopicConfiguration], there: Topics | None = None) -> list[TopicOutcome]:
        """Create those that are not there and change none; an outcome for each, in this order, when all are listed.

        there: all topics, where the caller knows them. KafkaUnavailable when the brokers do not tell, KafkaRefused.
        """
        known = self._topics() if there is None else there
        if known is None:
            raise KafkaUnavailable(f"Kafka at {self._access.brokers} does not list its topics: {self._trouble}")
        attempts = self._create([topic for topic in wanted if topic.name not in known])
        return [attempts.get(topic.name) or found(topic, known[topic.name]) for topic in wanted]

    def configuration_of(self, topic: str) -> Mapping[str, str] | None:
        """How the topic is configured, by Kafka's names; None when the brokers do not tell us. Blocks, bounded."""
        asked = [topic_resource(topic)]
        answers = cast("dict[Any, Future[Any]]", self._admin.describe_configs(asked, request_timeout=ATTEMPT_SECONDS))
        [answer] = answers.values()
        try:
            return {name: entry.value for name, entry in answer.result().items()}
        except KafkaException:
            return None

    def offset_of(self, address: PartitionAddress, start: Edge | AtTime, timeout_seconds: float) -> int:
        """Offset where it begins. KafkaUnavailable when brokers and partition are not there in time, KafkaRefused."""
        return retry_until(
            lambda: self._offset_of(address, start),
            f"Kafka partition {address} at {self._access.brokers}",
            lambda: self._trouble,
            seconds=timeout_seconds,
        )

    def writer_for(self, address: PartitionAddress, timeout_seconds: float = 30.0) -> PartitionWriter:
        """A writer of its own for the partition. patience_seconds: how long it tries to deliver a message."""
        return PartitionWriter(self._access, address, timeout_seconds)

    def reader_of(
        self, address: PartitionAddress, start: StartPosition = Edge.BEGINNING, timeout_seconds: float = 30.0
    ) -> PartitionReader:
        """A reader of its own. patience_seconds: how long it waits for brokers and messages. See offset_of()."""
        position = start if isinstance(start, int) else self.offset_of(address, start, timeout_seconds)
        end = partial(self.offset_of, address, Edge.END, timeout_seconds)
        return PartitionReader(self._access, address, position, end, timeout_seconds)

    def _wait_for_topic(self, topic: str, stop: Event, asked: str | None) -> Topics | None:
        awaited = f"Kafka topic {topic} at {self._access.brokers}"
        return retry_until(lambda: self._topics_with({topic}, asked), awaited, lambda: self._trouble, stop)

    def _topics_with(self, names: Set[str], asked: str | None = None) -> Topics | None:
        topics = self._topics(asked)
        if topics is not None and not topics.keys() >= names:
            self._trouble = "no such topic"
            return None
        return topics

    def _topics(self, name: str | None = None) -> Topics | None:
        """All topics, or the one asked for; None when no broker answers. KafkaRefused."""
        try:
            topics = self._admin.list_topics(name, timeout=ATTEMPT_SECONDS).topics
        except KafkaException:
            self._admin.poll(0)  # serves the error callback
            self._refusals.raise_if_refused()
            self._trouble = self._refusals.latest
            return None
        self._trouble = ""
        return {name: len(topic.partitions) for name, topic in topics.items() if topic.error is None}

    def _offset_of(self, address: PartitionAddress, start: Edge | AtTime) -> int | None:
        """None when no broker answers. KafkaRefused."""
        asked = {TopicPartition(*address): offset_spec(start)}
        options = {"isolation_level": IsolationLevel.READ_COMMITTED, "request_timeout": ATTEMPT_SECONDS}
        try:
            [answer] = cast("dict[TopicPartition, Future[Any]]", self._admin.list_offsets(asked, **options)).values()
            offset: int = answer.result().offset
        except KafkaException as failure:
            self._topics()  # otherwise librdkafka asks the leader that it knows, as it knows it, again and again
            self._trouble = error_of(failure).str()
            return None
        return offset if offset >= 0 else self._offset_of(address, Edge.END)

    def _create(self, wanted: Sequence[TopicConfiguration]) -> Mapping[str, TopicOutcome]:
        if not wanted:
            return {}
        asked = [new_topic(topic) for topic in wanted]
        seconds = {"operation_timeout": ATTEMPT_SECONDS, "request_timeout": _CREATION_SECONDS}
        answers = cast("dict[str, Future[None]]", self._admin.create_topics(asked, **seconds))
        errors = {name: _error_within(answer) for name, answer in answers.items()}
        listed = self._listed({name for name, error in errors.items() if error is None or _is_there(error)})
        return {topic.name: _outcome(topic, errors[topic.name], listed.get(topic.name)) for topic in wanted}

    def _listed(self, names: Set[str]) -> Topics:
        """All topics. These were created: brokers list them a moment later, or never to those who may not see them."""
        try:
            return retry_until(
                lambda: self._topics_with(names),
                "the new Kafka topics",
                lambda: self._trouble,
                seconds=_LISTING_SECONDS,
            )
        except KafkaUnavailable:
            return self._topics() or {}


def _outcome(wanted: TopicConfiguration, error: KafkaError | None, partitions: int | None) -> TopicOutcome:
    if error is None:
        return TopicOutcome(wanted.name, Creation.CREATED, wanted.partitions)
    if _is_there(error) and partitions is not None:  # another was quicker
        return found(wanted, partitions)
    return TopicOutcome(wanted.name, Creation.FAILED, None, error.str())


def _is_there(error: KafkaError) -> bool:
    return error.code() == KafkaError.TOPIC_ALREADY_EXISTS


def _error_within(answer: Future[None]) -> KafkaError | None:
    try:
        answer.result()
    except KafkaException as failure:
        return error_of(failure)
    return None
