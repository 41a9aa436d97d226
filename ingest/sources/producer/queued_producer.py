"""What a source puts its events into: a bounded queue, and threads that take them to Kafka.

Nothing is sent a second time by us. librdkafka retries until the delivery timeout and keeps the order while it does;
when it has given a message up, later ones of the same key may have arrived, and one sent again would arrive after them.
"""

import logging
import time
from collections.abc import Callable
from functools import partial
from threading import Event, Thread
from typing import Generic

from common.errors import KafkaRefused, ThunderError
from common.kafka.producer_settings import ProducerSettings, Sending, WhenFull
from common.throttle import Throttle
from ingest.sources.producer.brokers import Brokers, KafkaBrokers
from ingest.sources.producer.figures import ProducerFigures, Tally
from ingest.sources.producer.first_failure import FirstFailure
from ingest.sources.producer.lanes import Lanes
from ingest.sources.producer.murmur2 import partition_of
from ingest.sources.producer.packing import EnvelopeLimits, Envelopes, Packer, SingleEvents
from ingest.sources.producer.parcel import Addressed, Entry, T
from ingest.sources.producer.partition_counts import PartitionCounts
from ingest.sources.producer.settlement import OnDelivery, Settlement
from ingest.sources.producer.transport import Transport
from ingest.sources.producer.worker import Worker

_SLICE_SECONDS = 0.1
"""How often a thread that waits looks whether it waits in vain."""

_REFUSED_SECONDS = 2.0
"""Time to flush when Kafka has refused something: perhaps not everything."""

_GIVING_UP_SECONDS = 5.0
"""Time for librdkafka to report what it was told to give up."""

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
        self._settings = settings
        self._brokers = brokers or KafkaBrokers[T](settings)
        self._lanes = Lanes[Entry[T]](settings.producer_workers, settings.queue_size)
        self._tally = Tally()
        self._failure = FirstFailure()
        self._settlement = Settlement(self._lanes, self._tally, on_delivery, self._failure)
        self._given_up = Event()
        self._drop_lines = Throttle(_SECONDS_BETWEEN_LINES)
        self._threads = [self._started("producer", worker.run) for worker in self._workers()]
        self._threads += [
            self._started("deliveries", partial(self._serve, transport)) for transport in self._brokers.transports
        ]

    def put(self, item: T) -> bool:
        """Take an item in; False when it was dropped, which the settings must allow. May block when they say so.

        QueueFull when they say that. ProducerClosed. KafkaRefused, and what else the producer failed of; what encode
        raises.
        """
        self._raise_if_failed()
        entry = Entry(item, self._encode(item))
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
        if not self._flushed(seconds):
            self._give_up()
        if self._lanes.unsettled == 0:
            for thread in self._threads:
                thread.join()
            for transport in self._brokers.transports:
                transport.close()
        self._raise_if_failed()

    def _workers(self) -> list[Worker[T]]:
        counts = PartitionCounts(lambda topic: self._brokers.partitions(topic, self._given_up))
        return [
            Worker(
                partial(self._lanes.take, lane),
                self._packer(counts),
                self._brokers.transport_of,
                self._settlement,
                self._failure,
                self._given_up,
                waits=self._settings.sending is Sending.SYNC,
            )
            for lane in range(self._settings.producer_workers)
        ]

    def _packer(self, counts: PartitionCounts) -> Packer[T]:
        if self._settings.events_per_message == 1:
            return SingleEvents[T]()
        limits = EnvelopeLimits(self._settings.events_per_message, self._settings.linger_ms / 1000)
        return Envelopes[T](limits, lambda address: partition_of(address.key, counts.of(address.topic)))

    def _lane_of(self, key: bytes) -> int:
        """Always the same for a key. With as many lanes as partitions, or a divisor, a partition has one lane too."""
        lanes = self._settings.producer_workers
        return partition_of(key, lanes) if lanes > 1 else 0

    def _put_when_full(self, lane: int, entry: Entry[T]) -> bool:
        match self._settings.when_full:
            case WhenFull.BLOCK:
                while not self._lanes.offer(lane, entry, _SLICE_SECONDS):
                    self._raise_if_failed()
                return True
            case WhenFull.DROP:
                dropped = self._tally.dropped()
                if self._drop_lines.lets_pass(time.monotonic()):
                    _log.warning("The queue is full, %d events dropped so far", dropped)
                return False
            case WhenFull.FAIL:
                raise QueueFull

    def _serve(self, transport: Transport[T]) -> None:
        while not (self._lanes.closed and self._lanes.unsettled == 0):
            self._settlement.settle(transport.serve(_SLICE_SECONDS, hurry=self._lanes.closed))

    def _flushed(self, seconds: float) -> bool:
        began = time.monotonic()
        while not self._lanes.wait_until_settled(_SLICE_SECONDS):
            patience = min(seconds, _REFUSED_SECONDS) if self._is_refused() else seconds
            if time.monotonic() >= began + patience:
                return False
        return True

    def _give_up(self) -> None:
        self._given_up.set()
        for transport in self._brokers.transports:
            transport.give_up()
        self._settlement.unsent(self._lanes.clear())
        if not self._lanes.wait_until_settled(_GIVING_UP_SECONDS):
            _log.error("Ending without knowing what became of %d events", self._lanes.unsettled)

    def _is_refused(self) -> bool:
        try:
            self._brokers.raise_if_refused()
        except KafkaRefused:
            return True
        return False

    def _raise_if_failed(self) -> None:
        self._failure.raise_if_any()
        self._brokers.raise_if_refused()

    def _started(self, name: str, work: Callable[[], object]) -> Thread:
        thread = Thread(target=self._guard, args=(work,), name=name, daemon=True)
        thread.start()
        return thread

    def _guard(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it is, it surfaces at the next put()
            self._failure.note(error)
