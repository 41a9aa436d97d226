"""The brokers of one connection: waits for them and for topics, creates topics, opens partitions."""

import math
from collections.abc import Mapping, Sequence, Set
from functools import partial
from threading import Event

from confluent_kafka import KafkaError

from common.errors import KafkaUnavailable
from common.kafka.admin import KafkaAdmin, exists_already
from common.kafka.connection import KafkaConnection
from common.kafka.producer import PartitionWriter
from common.kafka.reader import PartitionReader
from common.kafka.retrying import retry_until
from common.kafka.topics import (
    AtTime,
    Creation,
    Edge,
    PartitionAddress,
    StartPosition,
    TopicConfiguration,
    TopicFacts,
    TopicOutcome,
    Topics,
    existing_topic,
)

_LISTING_SECONDS = 10.0


class KafkaCluster:
    """Its calls block; those that wait do so without a bound unless one is given. For any thread."""

    def __init__(self, connection: KafkaConnection) -> None:
        """Connect in the background. ConfigurationError."""
        self._connection = connection
        self._admin = KafkaAdmin(connection)

    def wait_for_brokers(self, stop: Event | None = None, seconds: float = math.inf) -> Topics | None:
        """All topics, once the brokers answer; None when the stop is set first.

        KafkaUnavailable when they do not within these seconds, KafkaRefused.
        """
        return retry_until(self._admin.topics, f"Kafka brokers at {self._brokers}", self._problem, stop, seconds)

    def wait_for_topic(self, topic: str, stop: Event) -> Topics | None:
        """All topics, once this one is among them; None when the stop is set first. KafkaRefused.

        It is looked for among all of them: asking for it by name would create it on some brokers.
        """
        return self._wait_for_topic(topic, stop, asked=None)

    def wait_for_topic_to_write(self, topic: str, stop: Event) -> bool:
        """Return True once the topic exists, False when the stop is set first. KafkaRefused.

        It is asked for by name: brokers that create topics on use create it.
        """
        return self._wait_for_topic(topic, stop, asked=topic) is not None

    def create_topics(self, wanted: Sequence[TopicConfiguration], existing: Topics | None = None) -> list[TopicOutcome]:
        """Create the missing ones and change none; return an outcome for each, in this order, when all are listed.

        existing: all topics, where the caller knows them. KafkaUnavailable when the brokers list none, KafkaRefused.
        """
        known = self._admin.topics() if existing is None else existing
        if known is None:
            raise KafkaUnavailable(f"Kafka at {self._brokers} does not list its topics: {self._problem()}")
        attempts = self._create([topic for topic in wanted if topic.name not in known])
        return [attempts.get(topic.name) or existing_topic(topic, known[topic.name]) for topic in wanted]

    def facts_of(self, topic: str) -> TopicFacts | None:
        """The topic as it is now; None when no broker answers or there is no topic. KafkaRefused. Blocks, bounded."""
        partitions = (self._admin.topics() or {}).get(topic)
        return None if partitions is None else TopicFacts(partitions, self._admin.topic_id(topic))

    def configuration_of(self, topic: str) -> Mapping[str, str] | None:
        """Configuration of the topic, by Kafka's names; None when no broker answers. Blocks, bounded."""
        return self._admin.configuration_of(topic)

    def offset_of(self, address: PartitionAddress, start: Edge | AtTime, timeout_seconds: float) -> int:
        """Offset where the start lies. KafkaUnavailable when brokers and partition are not there in time, KafkaRefused.

        For a time without later messages it is the end.
        """
        awaited = f"Kafka partition {address} at {self._brokers}"
        ask = partial(self._admin.offset_of, address, start)
        return retry_until(ask, awaited, self._problem, seconds=timeout_seconds)

    def writer_for(self, address: PartitionAddress, timeout_seconds: float = 30.0) -> PartitionWriter:
        """A new writer for the partition. timeout_seconds: how long it retries to deliver a message."""
        return PartitionWriter(self._connection, address, timeout_seconds)

    def reader_of(
        self, address: PartitionAddress, start: StartPosition = Edge.BEGINNING, timeout_seconds: float = 30.0
    ) -> PartitionReader:
        """A new reader of the partition. timeout_seconds: its longest wait for brokers, and for a message.

        KafkaUnavailable and KafkaRefused as from offset_of().
        """
        position = start if isinstance(start, int) else self.offset_of(address, start, timeout_seconds)
        end = partial(self.offset_of, address, Edge.END, timeout_seconds)
        return PartitionReader(self._connection, address, position, end, timeout_seconds)

    @property
    def _brokers(self) -> str:
        return self._connection.brokers

    def _problem(self) -> str:
        return self._admin.problem

    def _wait_for_topic(self, topic: str, stop: Event, asked: str | None) -> Topics | None:
        awaited = f"Kafka topic {topic} at {self._brokers}"
        return retry_until(lambda: self._topics_with({topic}, asked), awaited, self._problem, stop)

    def _topics_with(self, names: Set[str], asked: str | None = None) -> Topics | None:
        topics = self._admin.topics(asked)
        if topics is not None and not topics.keys() >= names:
            self._admin.problem = "no such topic"
            return None
        return topics

    def _create(self, wanted: Sequence[TopicConfiguration]) -> Mapping[str, TopicOutcome]:
        errors = self._admin.create(wanted)
        listed = self._listed({name for name, error in errors.items() if error is None or exists_already(error)})
        return {topic.name: _outcome(topic, errors[topic.name], listed.get(topic.name)) for topic in wanted}

    def _listed(self, created: Set[str]) -> Topics:
        """All topics. Brokers list new ones a moment later, or never to clients that may not see them."""
        if not created:
            return {}
        try:
            return retry_until(
                lambda: self._topics_with(created), "the new Kafka topics", self._problem, seconds=_LISTING_SECONDS
            )
        except KafkaUnavailable:
            return self._admin.topics() or {}


def _outcome(wanted: TopicConfiguration, error: KafkaError | None, partitions: int | None) -> TopicOutcome:
    if error is None:
        return TopicOutcome(wanted.name, Creation.CREATED, wanted.partitions)
    if exists_already(error) and partitions is not None:  # another client was quicker
        return existing_topic(wanted, partitions)
    return TopicOutcome(wanted.name, Creation.FAILED, None, error.str())
