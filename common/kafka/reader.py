"""Reads one partition of a topic from a given position, without a consumer group and without commits."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import NamedTuple, Self, cast

from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka import Message as KafkaMessage

from common.errors import KafkaRefused, KafkaUnavailable
from common.kafka.configuration import reader_configuration
from common.kafka.connection import KafkaConnection
from common.kafka.errors import RefusalWatch, client_configuration
from common.kafka.topics import PartitionAddress

_SLICE_SECONDS = 0.5
"""Interval between checks for a refusal while a message is awaited."""


class StoredRecord(NamedTuple):
    """A message as Kafka stores it. timestamp_ms: Unix milliseconds."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes | None]


class PartitionReader:
    """Iterates over the messages up to the end of that moment; iterating again goes on from there. For one thread.

    position: offset to read next. Messages of aborted transactions are left out. Close it.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        address: PartitionAddress,
        position: int,
        end: Callable[[], int],
        timeout_seconds: float,
    ) -> None:
        """end: asks for the offset that the next message written will get. ConfigurationError."""
        self.position = position
        self._address = address
        self._end = end
        self._timeout = timeout_seconds
        self._refusals = RefusalWatch(connection)
        with client_configuration(connection):
            self._consumer = Consumer(reader_configuration(connection, self._refusals.on_error))
        self._consumer.assign([TopicPartition(address.topic, address.partition, position)])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[StoredRecord]:
        """Blocks while messages are on their way. KafkaUnavailable when nothing comes within the timeout.

        KafkaRefused, also when Kafka does not have the next offset: no longer, or not yet.
        """
        end = self.end()
        while self.position < end:
            message = self._next()
            self.position = cast("int", message.offset())
            if message.error() is None:
                self.position += 1
                yield _record(message)

    def end(self) -> int:
        """Offset that the next message written will get, asked now. Blocks. KafkaUnavailable, KafkaRefused."""
        return self._end()

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()

    def _next(self) -> KafkaMessage:
        """The next message, or the one that says where the partition ends: nothing up to there is left to read."""
        deadline = time.monotonic() + self._timeout
        while time.monotonic() < deadline:
            message = self._consumer.poll(_SLICE_SECONDS)
            self._refusals.raise_if_refused()
            error = message.error() if message else None
            if message and (error is None or error.code() == KafkaError._PARTITION_EOF):
                return message
            if error is not None:
                self._failed(error)
        raise KafkaUnavailable(f"nothing came from {self._address} within {self._timeout:g} s: {self._refusals.latest}")

    def _failed(self, error: KafkaError) -> None:
        """Go on after an error from which librdkafka recovers automatically."""
        if error.code() == KafkaError._AUTO_OFFSET_RESET:
            raise KafkaRefused(f"Kafka does not have offset {self.position} of {self._address}: {error.str()}")
        self._refusals.on_error(error)
        self._refusals.raise_if_refused()


def _record(message: KafkaMessage) -> StoredRecord:
    offset, (_, timestamp_ms) = cast("int", message.offset()), message.timestamp()
    headers = cast("Sequence[tuple[str, bytes | None]]", message.headers() or ())
    return StoredRecord(offset, timestamp_ms, message.key(), message.value(), dict(headers))
