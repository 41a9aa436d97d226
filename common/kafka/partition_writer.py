"""A writer bound to one partition of a topic."""

from types import TracebackType
from typing import Self

from common.kafka.access import KafkaAccess
from common.kafka.address import PartitionAddress
from common.kafka.topic_producer import Receipt, Record, TopicProducer

NOTHING_WRITTEN = -1
"""In place of an offset."""


class PartitionWriter:
    """Messages arrive in the order in which they are produced, each once. For one thread. Close it."""

    def __init__(self, access: KafkaAccess, address: PartitionAddress, patience_seconds: float) -> None:
        """patience_seconds: how long a message is tried before a flush fails. ConfigurationError."""
        self._partition = address.partition
        self._producer = TopicProducer(access, address.topic, patience_seconds)
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

    def produce(self, record: Record) -> None:
        """Put a message on its way; flush() tells what became of it. Blocks while librdkafka's queue is full.

        KafkaRefused at once when the message is larger than a client may send, or the brokers have refused us.
        """
        self._producer.produce(record, self._receipt, self._partition)

    def produce_and_flush(self, record: Record) -> int:
        """Offset of the message, once it and all before it are acknowledged. See flush()."""
        self.produce(record)
        return self.flush()

    def flush(self) -> int:
        """Offset of the latest message, once all are acknowledged by all in-sync replicas; or NOTHING_WRITTEN.

        KafkaRefused or KafkaUnavailable when a message since the last flush is not: the log may lack any of these.
        Blocks, a little longer than the patience at most.
        """
        receipt, self._receipt = self._receipt, Receipt()
        self._producer.settle(receipt)
        self._latest = receipt.offsets.get(self._partition, self._latest)
        return self._latest

    def close(self) -> None:
        """Disconnect. What was produced after the last flush is given up; leaving a `with` block in order flushes."""
        self._producer.close()
