"""The edge to librdkafka: one client, for the topics of one codec."""

from collections import deque
from functools import partial
from threading import Event
from typing import Generic, NamedTuple, Protocol

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as KafkaMessage

from common.kafka.configuration import Packing, producer_configuration
from common.kafka.connection import KafkaConnection
from common.kafka.errors import RefusalWatch, client_configuration, error_of
from common.kafka.producer import BY_KEY
from ingest.sources.producer.parcel import DeliveryFailure, OutgoingMessage, T

_ROOM_SECONDS = 0.1
"""Between two attempts to hand over a message, when librdkafka holds as many bytes as it may."""


class Report(NamedTuple, Generic[T]):
    """What became of a parcel: failure is None when it is acknowledged. settled belongs to who waits for it."""

    parcel: OutgoingMessage[T]
    failure: DeliveryFailure | None
    settled: Event | None


class Transport(Protocol[T]):
    """Takes messages to Kafka."""

    def send(self, parcel: OutgoingMessage[T], settled: Event | None) -> None:
        """Hand over a message; its report comes by serve(). Messages of a partition stay in this order. Any thread."""
        ...

    def serve(self, seconds: float, hurry: bool) -> list[Report[T]]:
        """Reports that came in; waits for a first one at most so long. hurry: send now what lingers. One thread."""
        ...

    def give_up(self) -> None:
        """Report what is not acknowledged as failed; the next serve() tells. Any thread."""
        ...

    def close(self) -> None:
        """Let go of the connection. All is reported, or never will be."""
        ...


class KafkaTransport(Generic[T]):
    """A producer of librdkafka: idempotent, it retries by itself until the delivery timeout."""

    def __init__(
        self, access: KafkaConnection, timeout_seconds: float, packing: Packing, refusals: RefusalWatch
    ) -> None:
        """Errors are told to refusals. ConfigurationError."""
        self._refusals = refusals
        self._reports: deque[Report[T]] = deque()
        self._given_up = False
        with client_configuration(access):
            self._producer = Producer(producer_configuration(access, timeout_seconds, refusals.on_error, packing))

    def send(self, parcel: OutgoingMessage[T], settled: Event | None) -> None:
        """See Transport."""
        while True:
            try:
                self._hand_over(parcel, settled)
            except BufferError:
                self._producer.poll(_ROOM_SECONDS)
            except KafkaException as failure:
                self._reported(parcel, settled, error_of(failure))
                return
            else:
                return

    def serve(self, seconds: float, hurry: bool) -> list[Report[T]]:
        """See Transport."""
        if self._given_up:
            self._producer.purge()
        if hurry and len(self._producer):
            self._producer.flush(seconds)
        else:
            self._producer.poll(0 if self._reports else seconds)
        return [self._reports.popleft() for _ in range(len(self._reports))]

    def give_up(self) -> None:
        """See Transport."""
        self._given_up = True

    def close(self) -> None:
        """See Transport."""
        self._producer.purge()
        self._producer.close()

    def _hand_over(self, parcel: OutgoingMessage[T], settled: Event | None) -> None:
        partition = BY_KEY if parcel.partition is None else parcel.partition
        report = partial(self._reported, parcel, settled)
        self._producer.produce(parcel.topic, parcel.value, parcel.key, partition, on_delivery=report)

    def _reported(
        self, parcel: OutgoingMessage[T], settled: Event | None, error: KafkaError | None, _: KafkaMessage | None = None
    ) -> None:
        """Called by librdkafka from within poll() and flush(), in whichever thread calls them."""
        failure = None
        if error is not None:
            self._refusals.on_error(error)
            failure = DeliveryFailure(error.str())
        self._reports.append(Report(parcel, failure, settled))
