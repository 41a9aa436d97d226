"""Malformed messages go to a topic of their own, with what it takes to find and mend them."""

import hashlib
from collections.abc import Sequence

from common.kafka.settings import KafkaSettings
from common.kafka.topic_producer import Record, TopicProducer
from ingest.batch import Reject

MAX_PAYLOAD_BYTES = 64_000
"""Longest part of a payload that is kept; size and sha256 are of the whole."""

_PATIENCE_SECONDS = 10.0


class DeadLetterTopic:
    """Sends rejects to the dead-letter topic. For one thread."""

    def __init__(self, settings: KafkaSettings, source_topic: str) -> None:
        self._source_topic = source_topic
        self._producer = TopicProducer(settings.producer_access, settings.dead_letter_topic, _PATIENCE_SECONDS)

    def write(self, rejects: Sequence[Reject]) -> None:
        """See loop.DeadLetters."""
        self._producer.send(dead_letter(self._source_topic, reject) for reject in rejects)


def dead_letter(source_topic: str, reject: Reject) -> Record:
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
    return Record(payload[:MAX_PAYLOAD_BYTES], key=None, headers=headers)
