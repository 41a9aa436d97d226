"""Messages on their way to Kafka, and the queue of those that librdkafka has not accepted yet."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, NamedTuple, TypeVar

from ingest.sources.producer.partitions import murmur2

T = TypeVar("T")
"""An item of the caller."""


class Addressed(NamedTuple):
    """An item as Kafka takes it. Items of one topic and key arrive in the order they were put in."""

    topic: str
    key: bytes
    value: bytes


class OutgoingMessage(NamedTuple, Generic[T]):
    """One Kafka message and the items in it. partition is None where the key decides it."""

    topic: str
    partition: int | None
    key: bytes | None
    value: bytes
    items: tuple[T, ...]


class DeliveryFailure(NamedTuple):
    """Reason why an item is not in Kafka, or not known to be, in librdkafka's words."""

    reason: str


class DeliveryReport(NamedTuple, Generic[T]):
    """The end of a message: acknowledged, unless there is a failure."""

    message: OutgoingMessage[T]
    failure: DeliveryFailure | None


class ShardedQueue(Generic[T]):
    """Keeps the messages of a shard in order, one at a time in flight; a key has always the same shard. Any thread."""

    def __init__(self, count: int, send: Callable[[OutgoingMessage[T]], object]) -> None:
        """Send takes a message when the report of the one before it in its shard has come."""
        self._send = send
        self._shards = [deque[OutgoingMessage[T]]() for _ in range(count)]
        self._lock = threading.Lock()

    def add(self, message: OutgoingMessage[T]) -> None:
        """Send the message when its turn comes. Raises what send raises."""
        with self._lock:
            shard = self._shard_of(message)
            shard.append(message)
            if len(shard) == 1:
                self._send(message)

    def reported(self, reports: Iterable[DeliveryReport[T]]) -> None:
        """Messages in flight were acknowledged or failed: the next of each shard may be sent."""
        with self._lock:
            for report in reports:
                shard = self._shard_of(report.message)
                shard.popleft()
                if shard:
                    self._send(shard[0])

    def clear(self) -> list[OutgoingMessage[T]]:
        """Take out the messages that are not in flight."""
        with self._lock:
            return [shard.pop() for shard in self._shards for _ in range(len(shard) - 1)]

    def _shard_of(self, message: OutgoingMessage[T]) -> deque[OutgoingMessage[T]]:
        number = murmur2(message.key or b"") if message.partition is None else message.partition
        return self._shards[number % len(self._shards)]
