"""Settings of the producer behind every source: queue, batching, compression, timeouts."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from common.kafka.configuration import Compression, read_compression
from common.settings.kafka import KafkaConnectionSettings
from common.settings.types import Bytes, Count, Millis, Text, Unit


class WhenFull(StrEnum):
    """Policy for an event that finds the queue full."""

    BLOCK = "block"
    DROP = "drop"
    FAIL = "fail"


class SendMode(StrEnum):
    """Whether a worker waits for the acknowledgement of a message before it sends the next."""

    ASYNC = "async"
    SYNC = "sync"


class ProducerSettings(KafkaConnectionSettings):
    """Kafka producer"""

    queue_size: Annotated[
        Count, Field(description="maximum number of events read from the source and not acknowledged"), Unit("events")
    ] = 10_000
    when_full: Annotated[
        WhenFull, Field(description="when the queue is full: block the source, drop and count the event, or fail")
    ] = WhenFull.BLOCK
    sending: Annotated[
        SendMode, Field(description="sync = each worker waits for an acknowledgement before it sends the next message")
    ] = SendMode.ASYNC
    producer_workers: Annotated[
        Count,
        Field(description="with sync: messages in flight at once; those with the same key are sent one after another"),
        Unit("messages"),
    ] = 1
    linger_ms: Annotated[
        int,
        Field(ge=0, description="longest wait for more events to batch; with sync only for events of an envelope"),
        Unit("ms"),
    ] = 5
    batch_bytes: Annotated[Bytes, Field(description="batch size of a partition that is sent without waiting")] = 100_000
    compression: Annotated[
        Text, Field(description="lz4, zstd, gzip, snappy or none; per topic: zstd,TOPIC=lz4,TOPIC=none")
    ] = "lz4"
    delivery_timeout_ms: Annotated[
        Millis, Field(description="time to retry the delivery of an event before it counts as failed")
    ] = 120_000
    events_per_message: Annotated[
        Count,
        Field(description="maximum number of events in one Kafka message; above 1 they are enveloped"),
        Unit("events"),
    ] = 1

    @property
    def message_linger_ms(self) -> int:
        """linger.ms of librdkafka: a worker that waits for its acknowledgement has nothing to batch."""
        return 0 if self.sending is SendMode.SYNC else self.linger_ms

    @property
    def compression_by_topic(self) -> Compression:
        """The codec of each topic."""
        return read_compression(self.compression)

    @field_validator("compression")
    @classmethod
    def _is_known(cls, text: str) -> str:
        read_compression(text)
        return text

    @model_validator(mode="after")
    def _lingers_in_time(self) -> Self:
        if self.linger_ms >= self.delivery_timeout_ms:
            raise ValueError(f"linger_ms must be less than delivery_timeout_ms ({self.delivery_timeout_ms})")
        return self
