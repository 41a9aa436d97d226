"""Writes to a topic, or to one partition of it: every message is acknowledged or reported as an error."""

import time
from collections.abc import Iterable, Mapping
from types import MappingProxyType, TracebackType
from typing import NamedTuple, Self

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as KafkaMessage

from common.errors import KafkaRefused, KafkaUnavailable
from common.kafka.configuration import producer_configuration
from common.kafka.connection import KafkaConnection
from common.kafka.errors import RefusalWatch, client_configuration, error_of
from common.kafka.topics import PartitionAddress

BY_KEY = -1
"""In place of a partition: the one of the key, or any one for a message without a key."""

_SLICE_SECONDS = 0.5
"""Interval between checks for a refusal while acknowledgements are awaited."""

_REPORT_SECONDS = 5.0
"""Time for the last delivery reports, after librdkafka's own timeout of a message."""

_UNACCEPTABLE = frozenset(("MSG_SIZE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD", "_UNKNOWN_PARTITION"))
"""Names of the errors that a message or its address causes: retrying does not help."""


class ProducerRecord(NamedTuple):
    """A message to write."""

    value: bytes
    key: bytes | None = None
    headers: Mapping[str, str | bytes | None] = MappingProxyType({})


class Receipt:
    """Collects the delivery reports of the messages that were produced with it.

    in_flight: messages without a report yet. offsets: of the latest acknowledged message, by partition.
    """

    def __init__(self) -> None:
        self.in_flight = 0
        self.failure: KafkaError | None = None
        self.offsets: dict[int, int] = {}

    def __call__(self, error: KafkaError | None, message: KafkaMessage) -> None:
        """Take the delivery report of a message. Called by librdkafka, within calls of the producer."""
        self.in_flight -= 1
        self.failure = self.failure or error
        partition, offset = message.partition(), message.offset()
        if error is None and partition is not None and offset is not None:
            self.offsets[partition] = offset


class TopicProducer:
    """Idempotent, acknowledged by all in-sync replicas. For one thread."""

    def __init__(self, connection: KafkaConnection, topic: str, timeout_seconds: float) -> None:
        """timeout_seconds: how long librdkafka retries to deliver a message. ConfigurationError."""
        self._topic = topic
        self._timeout = timeout_seconds
        self._refusals = RefusalWatch(connection)
        with client_configuration(connection):
            self._producer = Producer(producer_configuration(connection, timeout_seconds, self._refusals.on_error))

    def send(self, records: Iterable[ProducerRecord]) -> None:
        """Return when all are acknowledged by all in-sync replicas. Blocks, a little longer than the timeout at most.

        KafkaUnavailable when some are not: a repeated call duplicates the acknowledged ones. KafkaRefused.
        """
        receipt = Receipt()
        for record in records:
            self.produce(record, receipt)
        self.flush(receipt)

    def produce(self, record: ProducerRecord, receipt: Receipt, partition: int = BY_KEY) -> None:
        """Queue a message for sending. Blocks while librdkafka's queue is full. KafkaRefused, KafkaUnavailable."""
        while True:
            try:
                self._producer.produce(
                    self._topic, record.value, record.key, partition, headers=dict(record.headers), on_delivery=receipt
                )
            except BufferError:
                self._producer.poll(_SLICE_SECONDS)
                self._refusals.raise_if_refused()
            except KafkaException as failure:
                raise self._failed(error_of(failure)) from failure
            else:
                receipt.in_flight += 1
                return

    def flush(self, receipt: Receipt) -> None:
        """Return when all messages of the receipt are acknowledged. Blocks, bounded. KafkaUnavailable, KafkaRefused."""
        deadline = time.monotonic() + self._timeout + _REPORT_SECONDS
        while receipt.in_flight and time.monotonic() < deadline:
            self._producer.flush(_SLICE_SECONDS)
            self._refusals.raise_if_refused()
        if receipt.failure is not None:
            raise self._failed(receipt.failure)
        if receipt.in_flight:
            raise KafkaUnavailable(f"{receipt.in_flight} messages to {self._topic} were not acknowledged in time")

    def close(self) -> None:
        """Disconnect. Messages that were not flushed are dropped."""
        self._producer.purge()
        self._producer.close()

    def _failed(self, error: KafkaError) -> KafkaRefused | KafkaUnavailable:
        self._refusals.on_error(error)
        self._refusals.raise_if_refused()
        kind = KafkaRefused if error.name() in _UNACCEPTABLE else KafkaUnavailable
        return kind(f"messages to {self._topic} were not delivered: {error.str()}")


NOTHING_WRITTEN = -1
"""In place of an offset."""


class PartitionWriter:
    """Delivers messages in the order in which they are produced, each once. For one thread. Close it."""

    def __init__(self, connection: KafkaConnection, address: PartitionAddress, timeout_seconds: float) -> None:
        """timeout_seconds: how long a message is retried before a flush fails. ConfigurationError."""
        self._partition = address.partition
        self._producer = TopicProducer(connection, address.topic, timeout_seconds)
        self._receipt = Receipt()
        self._latest = NOTHING_WRITTEN

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.flush()
        finally:
            self.close()

    def produce(self, record: ProducerRecord) -> None:
        """Queue a message for sending; flush() reports its delivery. Blocks while librdkafka's queue is full.

        KafkaRefused at once when the message is larger than a client may send, or the brokers refused this client.
        """
        self._producer.produce(record, self._receipt, self._partition)

    def produce_and_flush(self, record: ProducerRecord) -> int:
        """Offset of the message, once it and all before it are acknowledged. Raises what flush() raises."""
        self.produce(record)
        return self.flush()

    def flush(self) -> int:
        """Offset of the latest message, once all are acknowledged by all in-sync replicas; or NOTHING_WRITTEN.

        KafkaRefused or KafkaUnavailable when a message since the last flush is not: the log may lack any of these.
        Blocks, a little longer than the timeout at most.
        """
        receipt, self._receipt = self._receipt, Receipt()
        self._producer.flush(receipt)
        self._latest = receipt.offsets.get(self._partition, self._latest)
        return self._latest

    def close(self) -> None:
        """Disconnect. Messages since the last flush are dropped; a `with` block that ends without an error flushes."""
        self._producer.close()
