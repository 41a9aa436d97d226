"""Writing to a topic of Kafka so that nothing is lost unnoticed."""

import time
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as KafkaMessage

from common.errors import KafkaRefused, KafkaUnavailable
from common.kafka.access import KafkaAccess
from common.kafka.configuration import producer_configuration
from common.kafka.refusal import RefusalWatch, client_configuration, error_of

BY_KEY = -1
"""In place of a partition: that of the key, any one for a message without a key."""

_SLICE_SECONDS = 0.5
"""How often a refusal is looked for while acknowledgements are awaited."""

_REPORT_SECONDS = 5.0
"""Time for the last reports, after which every message was delivered or given up by librdkafka."""

_UNACCEPTABLE = frozenset(("MSG_SIZE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD", "_UNKNOWN_PARTITION"))
"""Names of the errors that lie in a message or its address: sent again, it would meet them again."""


class Record(NamedTuple):
    """A message to write."""

    value: bytes
    key: bytes | None = None
    headers: Mapping[str, str | bytes | None] = MappingProxyType({})


class Receipt:
    """What became of the messages that were produced with it.

    awaited: how many are on their way. offsets: of the latest that is acknowledged, by partition.
    """

    def __init__(self) -> None:
        self.awaited = 0
        self.failure: KafkaError | None = None
        self.offsets: dict[int, int] = {}

    def __call__(self, error: KafkaError | None, message: KafkaMessage) -> None:
        """Take the report about a message. Called by librdkafka, within calls of the producer."""
        self.awaited -= 1
        self.failure = self.failure or error
        partition, offset = message.partition(), message.offset()
        if error is None and partition is not None and offset is not None:
            self.offsets[partition] = offset


class TopicProducer:
    """Idempotent, acknowledged by all in-sync replicas. For one thread."""

    def __init__(self, access: KafkaAccess, topic: str, patience_seconds: float) -> None:
        """patience_seconds: how long librdkafka tries to deliver a message. ConfigurationError."""
        self._topic = topic
        self._patience = patience_seconds
        self._refusals = RefusalWatch(access)
        with client_configuration(access):
            self._producer = Producer(producer_configuration(access, patience_seconds, self._refusals.notice))

    def send(self, records: Iterable[Record]) -> None:
        """Return when all are acknowledged by all in-sync replicas. Blocks, a little longer than the patience at most.

        KafkaUnavailable when some are not: the call may be made again, it then repeats those that are. KafkaRefused.
        """
        receipt = Receipt()
        for record in records:
            self.produce(record, receipt)
        self.settle(receipt)

    def produce(self, record: Record, receipt: Receipt, partition: int = BY_KEY) -> None:
        """Put a message on its way. Blocks while librdkafka's queue is full. KafkaRefused, KafkaUnavailable."""
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
                receipt.awaited += 1
                return

    def settle(self, receipt: Receipt) -> None:
        """Return when all messages of the receipt are acknowledged. Blocks, bounded. KafkaUnavailable, KafkaRefused."""
        give_up = time.monotonic() + self._patience + _REPORT_SECONDS
        while receipt.awaited and time.monotonic() < give_up:
            self._producer.flush(_SLICE_SECONDS)
            self._refusals.raise_if_refused()
        if receipt.failure is not None:
            raise self._failed(receipt.failure)
        if receipt.awaited:
            raise KafkaUnavailable(f"{receipt.awaited} messages to {self._topic} were not acknowledged in time")

    def close(self) -> None:
        """Disconnect. What is on its way and not settled is given up."""
        self._producer.purge()
        self._producer.close()

    def _failed(self, error: KafkaError) -> KafkaRefused | KafkaUnavailable:
        self._refusals.notice(error)
        self._refusals.raise_if_refused()
        kind = KafkaRefused if error.name() in _UNACCEPTABLE else KafkaUnavailable
        return kind(f"messages to {self._topic} were not delivered: {error.str()}")
