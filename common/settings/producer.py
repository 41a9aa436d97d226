"""Settings of the roles that feed topics from elsewhere: how much may wait, how it is sent, what a full queue means."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from common.kafka.configuration import Compression, read_compression
from common.settings.kafka import KafkaConnectionSettings
from common.settings.types import Bytes, Count, Millis, Text, Unit


class WhenFull(StrEnum):
    """What becomes of an event that finds the queue full."""

    BLOCK = "block"
    DROP = "drop"
    FAIL = "fail"


class SendMode(StrEnum):
    """Whether a worker waits for the acknowledgement of a message before it sends the next."""

    ASYNC = "async"
    SYNC = "sync"


class ProducerSettings(KafkaConnectionSettings):
    """Kafka: producing"""

    queue_size: Annotated[
        Count, Field(description="events taken from the source and not yet acknowledged, at most"), Unit("events")
    ] = 10_000
    when_full: Annotated[
        WhenFull, Field(description="when so many wait: make the source wait, drop and count the event, or end")
    ] = WhenFull.BLOCK
    sending: Annotated[
        SendMode, Field(description="whether a worker waits for each acknowledgement before it sends on")
    ] = SendMode.ASYNC
    producer_workers: Annotated[
        Count, Field(description="threads that send; those of one key all go through one"), Unit("threads")
    ] = 1
    linger_ms: Annotated[
        int,
        Field(ge=0, description="wait for more to send at once; sync waits for events of an envelope only"),
        Unit("ms"),
    ] = 5
    batch_bytes: Annotated[Bytes, Field(description="sent at once to a partition without further wait")] = 100_000
    compression: Annotated[
        Text, Field(description="lz4, zstd, gzip, snappy or none; for single topics: zstd,TOPIC=lz4,TOPIC=none")
    ] = "lz4"
    delivery_timeout_ms: Annotated[Millis, Field(description="how long to retry before an event has failed")] = 120_000
    events_per_message: Annotated[
        Count, Field(description="events that share a message, at most; ingest reads both"), Unit("events")
    ] = 1

    @property
    def message_linger_ms(self) -> int:
        """How long a message waits for others: a worker that waits for its acknowledgement has none to send."""
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
