"""A Kafka in memory for the producer: what arrived where, acknowledged when a test lets it be."""

import threading
from collections import defaultdict
from threading import Event
from typing import Generic, TypeVar

from common.errors import KafkaRefused
from ingest.sources.producer.outgoing import DeliveryFailure, DeliveryReport, OutgoingMessage
from ingest.sources.producer.partitions import partition_of

T = TypeVar("T")

_SHORT_POLL_SECONDS = 0.01  # a producer that is closed waits for its poll


class MemoryBrokers(Generic[T]):
    """Implements Brokers with one client for all topics. topics: number of partitions of each."""

    clients = 1

    def __init__(self, **topics: int) -> None:
        self.topics = topics
        self.arrived: dict[tuple[str, int], list[OutgoingMessage[T]]] = defaultdict(list)
        self.failure: DeliveryFailure | None = None
        self.refused = False
        self.closed = False
        self._answering = True
        self._given_up = False
        self._unanswered: list[OutgoingMessage[T]] = []
        self._changed = threading.Condition()

    def items(self, topic: str, partition: int = 0) -> list[T]:
        """Items that arrived in a partition."""
        return [item for message in self.arrived[topic, partition] for item in message.items]

    def fall_silent(self) -> None:
        """From now on nothing is acknowledged."""
        self._answering = False

    def answer(self) -> None:
        """Acknowledge what has arrived, and what will."""
        with self._changed:
            self._answering = True
            self._changed.notify_all()

    @property
    def unanswered(self) -> int:
        """Messages that arrived and are not acknowledged."""
        return len(self._unanswered)

    def partitions(self, topic: str, stop: Event) -> int | None:
        while topic not in self.topics and not stop.wait(0.01):
            pass
        return self.topics.get(topic)

    def raise_if_refused(self) -> None:
        if self.refused:
            raise KafkaRefused

    def send(self, message: OutgoingMessage[T]) -> None:
        partitions = self.topics.get(message.topic, 1)
        partition = message.partition
        if partition is None:
            partition = partition_of(message.key or b"", partitions)
        with self._changed:
            self.arrived[message.topic, partition].append(message)
            self._unanswered.append(message)
            self._changed.notify_all()

    def poll(self, client: int, seconds: float, *, hurry: bool) -> list[DeliveryReport[T]]:
        with self._changed:
            self._changed.wait_for(self._has_reports, _SHORT_POLL_SECONDS)
            if not self._answering and not self._given_up:
                return []
            sent, self._unanswered = self._unanswered, []
        failure = DeliveryFailure("not delivered") if self._given_up else self.failure
        return [DeliveryReport(message, failure) for message in sent]

    def give_up(self) -> None:
        with self._changed:
            self._given_up = True
            self._changed.notify_all()

    def close(self) -> None:
        self.closed = True

    def _has_reports(self) -> bool:
        return self._given_up or (self._answering and bool(self._unanswered))
