"""Sends events to a topic, never far ahead of its readers: the embedded broker drops what lies unread for long."""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple, Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from common.errors import KafkaUnavailable
from thunder.demo.event_feed import EventFeed, FeedMessage, InputTopic
from thunder.demo.roles import INGEST_GROUP, TRANSFORM_GROUP, Addresses
from thunder.embedded.kafka_cluster import PARTITIONS

MAX_LAG = 5000
"""Events written and not yet read: at 200 bytes at most, a third of what one partition keeps."""

_SECONDS_TO_DELIVER = 10.0
_SECONDS_TO_ANSWER = 5.0


class LagSource(Protocol):
    """The part of Lag that the feeder needs."""

    def events(self) -> int:
        """Counts events that are written but whose offset is not committed."""
        ...


class Feeder:
    """Sends what is due. `sent` counts messages, `authors` holds the authors of posts."""

    def __init__(self, feed: EventFeed, addresses: Addresses, lag: LagSource) -> None:
        """Writes to the input topic of the feed."""
        self.sent = 0
        self.authors: set[int] = set()
        self._topic = addresses.topic_raw if feed.input_topic is InputTopic.RAW else addresses.topic_refined
        self._messages = feed.messages
        self._next: FeedMessage | None = next(self._messages, None)
        self._lag = lag
        self._producer = Producer({"bootstrap.servers": addresses.kafka, "linger.ms": 0, "log_level": 0})
        self._failure: KafkaError | None = None

    def send_due(self, now: float) -> bool:
        """Sends what is due, as far as the lag allows, and waits for its delivery. Raises KafkaUnavailable.

        Returns whether everything due is sent.
        """
        room = MAX_LAG - self._lag.events()
        for message in islice(self._due(now), max(0, room)):
            self._producer.produce(self._topic, message.payload, message.key, on_delivery=self._delivered)
            self.sent += 1
            if message.author_id is not None:
                self.authors.add(message.author_id)
        undelivered = self._producer.flush(_SECONDS_TO_DELIVER)
        if undelivered or self._failure is not None:
            raise KafkaUnavailable(f"the embedded broker did not accept events: {self._failure or 'no answer'}")
        return self._next is None or self._next.due_at > now

    def _due(self, now: float) -> Iterator[FeedMessage]:
        while (message := self._next) is not None and message.due_at <= now:
            self._next = next(self._messages, None)
            yield message

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        self._failure = self._failure or error

    def close(self) -> None:
        """Closes the connection."""
        self._producer.close()


class _Reader(NamedTuple):
    """A client that reads the commits of a group without being a member of it."""

    client: Consumer
    partitions: list[TopicPartition]


class Lag:
    """Measures the lag of the transformer and of the ingest worker, together."""

    def __init__(self, addresses: Addresses) -> None:
        """Connects to the brokers of these addresses."""
        groups = ((TRANSFORM_GROUP, addresses.topic_raw), (INGEST_GROUP, addresses.topic_refined))
        self._readers = [_reader(addresses.kafka, group, topic) for group, topic in groups]

    def events(self) -> int:
        """Lag now; an event that is just passed on counts twice. Raises KafkaUnavailable. Takes a millisecond."""
        try:
            return sum(_lag(reader) for reader in self._readers)
        except KafkaException as error:
            raise KafkaUnavailable(f"the embedded broker does not answer: {error}") from error

    def close(self) -> None:
        """Closes the connections."""
        for reader in self._readers:
            reader.client.close()


def _reader(brokers: str, group: str, topic: str) -> _Reader:
    client = Consumer({"bootstrap.servers": brokers, "group.id": group, "log_level": 0})
    return _Reader(client, [TopicPartition(topic, partition) for partition in range(PARTITIONS)])


def _lag(reader: _Reader) -> int:
    committed = reader.client.committed(reader.partitions, timeout=_SECONDS_TO_ANSWER)
    ends = (reader.client.get_watermark_offsets(each, timeout=_SECONDS_TO_ANSWER)[1] for each in reader.partitions)
    # A group that has committed nothing has a negative offset, and every event before it.
    return sum(end - max(0, position.offset) for position, end in zip(committed, ends, strict=True))
