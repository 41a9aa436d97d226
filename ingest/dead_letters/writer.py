"""Malformed messages go to a topic of their own, with what it takes to find and mend them."""

import hashlib
import logging
from collections.abc import Sequence

from common.kafka.producer import ProducerRecord, TopicProducer
from common.settings.kafka import KafkaSettings
from common.timing import RateLimiter
from ingest.batch import Reject

MAX_PAYLOAD_BYTES = 64_000
"""Longest part of a payload that is kept; size and sha256 are of the whole."""

_PATIENCE_SECONDS = 10.0


class DeadLetterTopic:
    """Sends rejects to the dead-letter topic. For one thread."""

    def __init__(self, settings: KafkaSettings, source_topic: str) -> None:
        self._source_topic = source_topic
        self._producer = TopicProducer(settings.producer_connection, settings.dead_letter_topic, _PATIENCE_SECONDS)

    def write(self, rejects: Sequence[Reject]) -> None:
        """See loop.DeadLetters."""
        self._producer.send(dead_letter(self._source_topic, reject) for reject in rejects)


def dead_letter(source_topic: str, reject: Reject) -> ProducerRecord:
    """The message, headers in decimal or text: topic, partition, offset, reason, detail, size, sha256 (hex)."""
    payload = reject.message.payload or b""
    headers: dict[str, str | bytes | None] = {
        "topic": source_topic,
        "partition": str(reject.message.partition),
        "offset": str(reject.message.offset),
        "reason": reject.reason.value,
        "detail": reject.detail,
        "size": str(len(payload)),
        "sha256": hashlib.sha256(payload).hexdigest(),
    }
    return ProducerRecord(payload[:MAX_PAYLOAD_BYTES], key=None, headers=headers)


_PREVIEW_BYTES = 32

_log = logging.getLogger("thunder.ingest")


class RejectLog:
    """One line for each batch with malformed messages, at most one per interval."""

    def __init__(self, topic: str, interval_seconds: float = 1.0) -> None:
        self._topic = topic
        self._throttle = RateLimiter(interval_seconds)
        self._unsaid = 0

    def rejected(self, rejects: Sequence[Reject], now: float) -> None:
        """Messages of one batch are malformed. now: seconds of any clock."""
        if not rejects:
            return
        self._unsaid += len(rejects)
        if self._throttle.allow(now):
            _log.warning("%s", _line(self._topic, rejects[0], others=self._unsaid - 1))
            self._unsaid = 0


def _line(topic: str, reject: Reject, others: int) -> str:
    payload = reject.message.payload or b""
    more = f" (and {others} more since the last such line)" if others else ""
    return (
        f"Failed to parse Kafka message: topic {topic} partition {reject.message.partition} "
        f"offset {reject.message.offset}: {reject.detail}; {len(payload)} bytes, "
        f"first ones {payload[:_PREVIEW_BYTES].hex()}{more}"
    )
