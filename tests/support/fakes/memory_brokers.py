"""A Kafka in memory for the producer: what arrived where, acknowledged when a test lets it be."""

import threading
from collections import defaultdict
from collections.abc import Collection
from threading import Event
from typing import Generic, TypeVar

from common.errors import KafkaRefused
from ingest.sources.producer.murmur2 import partition_of
from ingest.sources.producer.parcel import DeliveryFailure, OutgoingMessage
from ingest.sources.producer.transport import Report, Transport

T = TypeVar("T")


class MemoryBrokers(Generic[T]):
    """Implements Brokers and, for all topics, its one Transport. topics: number of partitions of each."""

    def __init__(self, **topics: int) -> None:
        self.topics = topics
        self.arrived: dict[tuple[str, int], list[OutgoingMessage[T]]] = defaultdict(list)
        self.failure: DeliveryFailure | None = None
        self.refused = False
        self.closed = False
        self._answering = True
        self._given_up = False
        self._unanswered: list[tuple[OutgoingMessage[T], Event | None]] = []
        self._changed = threading.Condition()

    def items(self, topic: str, partition: int = 0) -> list[T]:
        """Items that arrived in a partition."""
        return [item for parcel in self.arrived[topic, partition] for item in parcel.items]

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

    @property
    def transports(self) -> Collection[Transport[T]]:
        return (self,)

    def transport_of(self, topic: str) -> Transport[T]:
        return self

    def partitions(self, topic: str, stop: Event) -> int | None:
        while topic not in self.topics and not stop.wait(0.01):
            pass
        return self.topics.get(topic)

    def raise_if_refused(self) -> None:
        if self.refused:
            raise KafkaRefused

    def send(self, parcel: OutgoingMessage[T], settled: Event | None) -> None:
        partitions = self.topics.get(parcel.topic, 1)
        partition = partition_of(parcel.key or b"", partitions) if parcel.partition is None else parcel.partition
        with self._changed:
            self.arrived[parcel.topic, partition].append(parcel)
            self._unanswered.append((parcel, settled))
            self._changed.notify_all()

    def serve(self, seconds: float, hurry: bool) -> list[Report[T]]:
        with self._changed:
            self._changed.wait_for(lambda: self._given_up or (self._answering and self._unanswered), seconds)
            if not self._answering and not self._given_up:
                return []
            sent, self._unanswered = self._unanswered, []
        failure = DeliveryFailure("given up") if self._given_up else self.failure
        return [Report(parcel, failure, settled) for parcel, settled in sent]

    def give_up(self) -> None:
        with self._changed:
            self._given_up = True
            self._changed.notify_all()

    def close(self) -> None:
        self.closed = True
