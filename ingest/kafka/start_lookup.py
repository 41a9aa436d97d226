"""Looks up in Kafka the start offsets of partitions that were just assigned."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from common.errors import KafkaUnavailable
from common.kafka.errors import error_of
from common.timing import Backoff
from ingest.kafka.catch_up import OffsetRange
from ingest.kafka.start_position import Commit, StartOffset, StartPolicy, Watermarks
from ingest.metrics import IngestMetrics

_REQUEST_SECONDS = 10.0
_TIMEOUT_SECONDS = 120.0
"""Less than half of the time that a member may spend between two polls."""

_BACKOFF = Backoff(first=0.1, longest=2.0)

_log = logging.getLogger("thunder.ingest")


class PartitionStart(NamedTuple):
    """A partition with the offset to read first, and whether the group has committed that offset."""

    partition: TopicPartition
    offset_range: OffsetRange
    has_commit: bool


class StartLookup:
    """Start offsets for one consumer. Blocks while brokers do not answer, at most two minutes: KafkaUnavailable."""

    def __init__(self, consumer: Consumer, since: Callable[[], int], metrics: IngestMetrics) -> None:
        """since: time (Unix s) from which messages are needed where no commit holds."""
        self._consumer = consumer
        self._since = since
        self._metrics = metrics

    def starts(self, partitions: Sequence[TopicPartition], policy: StartPolicy, lineage: str) -> list[PartitionStart]:
        """Start offset of each partition, for a store of this lineage."""
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        attempt = 0
        while partitions:
            try:
                committed = self._consumer.committed(list(partitions), timeout=_REQUEST_SECONDS)
                return [self._start(partition, policy, lineage) for partition in committed]
            except KafkaException as failure:
                self._metrics.poll_failed()
                _log.warning("Waiting for the start offsets of assigned partitions: %s", error_of(failure).str())
                if time.monotonic() > deadline:
                    raise KafkaUnavailable(
                        f"no start offsets within {_TIMEOUT_SECONDS:g} s: {error_of(failure).str()}"
                    ) from failure
                time.sleep(_BACKOFF.delay(attempt))
                attempt += 1
        return []

    def _start(self, committed: TopicPartition, policy: StartPolicy, lineage: str) -> PartitionStart:
        if committed.error is not None:
            raise KafkaException(committed.error)
        watermarks = Watermarks(*self._consumer.get_watermark_offsets(committed, timeout=_REQUEST_SECONDS))
        start = policy.start(_commit(committed), watermarks, lineage) or self._by_time(committed, watermarks)
        place = TopicPartition(committed.topic, committed.partition, start.offset)
        return PartitionStart(place, OffsetRange(start.offset, watermarks.high), start.has_commit)

    def _by_time(self, partition: TopicPartition, watermarks: Watermarks) -> StartOffset:
        """Offset of the first message since the time from which the store needs them."""
        asked = TopicPartition(partition.topic, partition.partition, self._since() * 1000)
        (found,) = self._consumer.offsets_for_times([asked], timeout=_REQUEST_SECONDS)
        if found.error is not None:
            raise KafkaException(found.error)
        return StartOffset(found.offset if found.offset >= 0 else watermarks.high, has_commit=False)


def _commit(committed: TopicPartition) -> Commit | None:
    return Commit(committed.offset, committed.metadata or "") if committed.offset >= 0 else None
