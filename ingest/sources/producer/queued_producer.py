"""What a source puts its events into: a bounded queue, and threads that take them to Kafka.

Nothing is sent a second time by us. librdkafka retries until the delivery timeout and keeps the order while it does;
when it has given a message up, later ones of the same key may have arrived, and one sent again would arrive after them.
"""

import logging
import time
from collections.abc import Callable
from typing import Generic

from common.errors import ThunderError
from common.settings.producer import ProducerSettings, WhenFull
from common.timing import RateLimiter
from ingest.sources.producer.brokers import Brokers, KafkaBrokers
from ingest.sources.producer.dispatch import SenderPool
from ingest.sources.producer.figures import ProducerFigures, Tally
from ingest.sources.producer.first_failure import FirstFailure
from ingest.sources.producer.lanes import ShardedQueue
from ingest.sources.producer.murmur2 import partition_of
from ingest.sources.producer.parcel import Addressed, QueuedItem, T
from ingest.sources.producer.settlement import DeliveryReports, OnDelivery

_SLICE_SECONDS = 0.1
"""How often a source that waits for room looks whether it waits in vain."""

_SECONDS_BETWEEN_LINES = 10.0

_log = logging.getLogger("thunder.producer")


class QueueFull(ThunderError):
    """The queue of the producer is full: the source gives more than Kafka takes."""


class QueuedProducer(Generic[T]):
    """Takes items from any thread, sends them from its own. Close it once."""

    def __init__(
        self,
        settings: ProducerSettings,
        encode: Callable[[T], Addressed],
        on_delivery: OnDelivery[T],
        brokers: Brokers[T] | None = None,
    ) -> None:
        """put() calls encode, in its thread. brokers: those of the settings by default. ConfigurationError."""
        self._encode = encode
        self._lane_count = settings.producer_workers
        self._when_full = settings.when_full
        self._brokers = brokers or KafkaBrokers[T](settings)
        self._lanes = ShardedQueue[QueuedItem[T]](settings.producer_workers, settings.queue_size)
        self._tally = Tally()
        self._drop_lines = RateLimiter(_SECONDS_BETWEEN_LINES)
        self._failure = FirstFailure()
        settlement = DeliveryReports(self._lanes, self._tally, on_delivery, self._failure)
        self._dispatch = SenderPool(settings, self._brokers, self._lanes, settlement, self._failure)

    def put(self, item: T) -> bool:
        """Take an item in; False when it was dropped, which the settings must allow. May block when they say so.

        QueueFull when they say that. ProducerClosed. KafkaRefused, and what else the producer failed of; what encode
        raises.
        """
        self._raise_if_failed()
        entry = QueuedItem(item, self._encode(item))
        lane = self._lane_of(entry.address.key)
        return self._lanes.offer(lane, entry) or self._put_when_full(lane, entry)

    def figures(self) -> ProducerFigures:
        """What became of the items so far. For any thread, cheap."""
        return self._tally.figures(self._lanes.unsettled)

    def close(self, seconds: float) -> None:
        """Send what is queued, for at most so long; the rest is reported as failed. A put() that waits ends.

        Blocks a few seconds longer at most. Raises what put() would raise, when all that is done.
        """
        self._lanes.close()
        self._dispatch.finish(seconds)
        self._raise_if_failed()

    def _lane_of(self, key: bytes) -> int:
        """Always the same for a key. With as many lanes as partitions, or a divisor, a partition has one lane too."""
        return partition_of(key, self._lane_count) if self._lane_count > 1 else 0

    def _put_when_full(self, lane: int, entry: QueuedItem[T]) -> bool:
        match self._when_full:
            case WhenFull.BLOCK:
                while not self._lanes.offer(lane, entry, _SLICE_SECONDS):
                    self._raise_if_failed()
                return True
            case WhenFull.DROP:
                dropped = self._tally.dropped()
                if self._drop_lines.allow(time.monotonic()):
                    _log.warning("The queue is full; events dropped so far: %d", dropped)
                return False
            case WhenFull.FAIL:
                raise QueueFull

    def _raise_if_failed(self) -> None:
        self._failure.raise_if_any()
        self._brokers.raise_if_refused()
