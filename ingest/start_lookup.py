"""Asking Kafka where to start in partitions that were just assigned."""

import logging
import time
from collections.abc import Sequence
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from common.backoff import Backoff
from common.errors import KafkaUnavailable
from common.kafka.refusal import error_of
from ingest.catch_up_policy import Span
from ingest.metrics import IngestMetrics
from ingest.start_offsets import StartPolicy, Watermarks

_ANSWER_SECONDS = 10.0
_GIVE_UP_SECONDS = 120.0
"""Less than half of the time that a member may spend between two polls."""

_BACKOFF = Backoff(first=0.1, longest=2.0)

_log = logging.getLogger("thunder.ingest")


class LookedUp(NamedTuple):
    """A partition with the offset to read first, its span, and whether the group has committed that offset."""

    partition: TopicPartition
    span: Span
    has_commit: bool


def look_up_starts(
    consumer: Consumer, partitions: Sequence[TopicPartition], policy: StartPolicy, metrics: IngestMetrics
) -> list[LookedUp]:
    """Start of each partition. Blocks while brokers do not answer, for two minutes at most: KafkaUnavailable."""
    give_up = time.monotonic() + _GIVE_UP_SECONDS
    attempt = 0
    while partitions:
        try:
            return [
                _look_up(consumer, partition, policy)
                for partition in consumer.committed(list(partitions), timeout=_ANSWER_SECONDS)
            ]
        except KafkaException as failure:
            metrics.poll_failed()
            _log.warning("Waiting for the offsets of assigned partitions: %s", error_of(failure).str())
            if time.monotonic() > give_up:
                raise KafkaUnavailable(
                    f"no offsets for assigned partitions within {_GIVE_UP_SECONDS:g} s: {error_of(failure).str()}"
                ) from failure
            time.sleep(_BACKOFF.delay(attempt))
            attempt += 1
    return []


def _look_up(consumer: Consumer, committed: TopicPartition, policy: StartPolicy) -> LookedUp:
    if committed.error is not None:
        raise KafkaException(committed.error)
    watermarks = Watermarks(*consumer.get_watermark_offsets(committed, timeout=_ANSWER_SECONDS))
    start = policy.start(committed.offset if committed.offset >= 0 else None, watermarks)
    if not start.has_commit:
        committed = TopicPartition(committed.topic, committed.partition, start.offset)
    return LookedUp(committed, Span(start.offset, watermarks.high), start.has_commit)
