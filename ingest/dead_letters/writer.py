"""Writes malformed messages to the dead-letter topic, with what it takes to find and repair them, and logs them."""

import hashlib
import logging
from collections.abc import Sequence

from common.kafka.producer import ProducerRecord, TopicProducer
from common.settings.kafka import KafkaSettings
from common.timing import RateLimiter
from ingest.batch import DeadLetter

MAX_PAYLOAD_BYTES = 64_000
"""Longest part of a payload that is kept; the headers size and sha256 are of the whole."""

_TIMEOUT_SECONDS = 10.0


class DeadLetterTopic:
    """The sink of dead letters. For one thread."""

    def __init__(self, settings: KafkaSettings, source_topic: str) -> None:
        self._source_topic = source_topic
        self._producer = TopicProducer(settings.producer_connection, settings.dead_letter_topic, _TIMEOUT_SECONDS)

    def write(self, dead_letters: Sequence[DeadLetter]) -> None:
        """Return when all are acknowledged. KafkaUnavailable when the same call may succeed later. Blocks."""
        self._producer.send(dead_letter_record(self._source_topic, letter) for letter in dead_letters)


def dead_letter_record(source_topic: str, dead_letter: DeadLetter) -> ProducerRecord:
    """Its record; headers in decimal or text: topic, partition, offset, reason, detail, size, sha256 (hex)."""
    payload = dead_letter.message.payload or b""
    headers: dict[str, str | bytes | None] = {
        "topic": source_topic,
        "partition": str(dead_letter.message.partition),
        "offset": str(dead_letter.message.offset),
        "reason": dead_letter.reason.value,
        "detail": dead_letter.detail,
        "size": str(len(payload)),
        "sha256": hashlib.sha256(payload).hexdigest(),
    }
    return ProducerRecord(payload[:MAX_PAYLOAD_BYTES], key=None, headers=headers)


_PREVIEW_BYTES = 32

_log = logging.getLogger("thunder.ingest")


class DeadLetterLog:
    """Logs one line for each batch with malformed messages, at most one per interval."""

    def __init__(self, topic: str, interval_seconds: float = 1.0) -> None:
        self._topic = topic
        self._rate_limiter = RateLimiter(interval_seconds)
        self._unlogged = 0

    def note(self, dead_letters: Sequence[DeadLetter], now: float) -> None:
        """Log the malformed messages of one batch, if there are any. now: seconds of any clock."""
        if not dead_letters:
            return
        self._unlogged += len(dead_letters)
        if self._rate_limiter.allow(now):
            _log.warning("%s", _line(self._topic, dead_letters[0], others=self._unlogged - 1))
            self._unlogged = 0


def _line(topic: str, dead_letter: DeadLetter, others: int) -> str:
    payload = dead_letter.message.payload or b""
    more = f" (and {others} more since the last such line)" if others else ""
    return (
        f"Failed to parse Kafka message: topic {topic} partition {dead_letter.message.partition} "
        f"offset {dead_letter.message.offset}: {dead_letter.detail}; {len(payload)} bytes, "
        f"first ones {payload[:_PREVIEW_BYTES].hex()}{more}"
    )
