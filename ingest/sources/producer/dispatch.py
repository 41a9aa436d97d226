"""The threads between the queue and Kafka: workers that send, and one for each client that hears what became of it."""

import logging
import time
from collections.abc import Callable
from functools import partial
from threading import Event, Thread
from typing import Generic

from common.errors import KafkaRefused
from common.settings.producer import ProducerSettings, SendMode
from ingest.sources.producer.brokers import Brokers
from ingest.sources.producer.first_failure import FirstFailure
from ingest.sources.producer.lanes import ShardedQueue
from ingest.sources.producer.murmur2 import partition_of
from ingest.sources.producer.packing import EnvelopeLimits, Envelopes, Packer, SingleEvents
from ingest.sources.producer.parcel import QueuedItem, T
from ingest.sources.producer.partition_counts import PartitionCounts
from ingest.sources.producer.settlement import DeliveryReports
from ingest.sources.producer.transport import Transport
from ingest.sources.producer.worker import Worker

_SLICE_SECONDS = 0.1
"""How often it is looked whether a wait is in vain."""

_REFUSED_SECONDS = 2.0
"""Time to flush when Kafka has refused something: perhaps not everything."""

_GIVING_UP_SECONDS = 5.0
"""Time for librdkafka to report what it was told to give up, and for a thread to end."""

_log = logging.getLogger("thunder.producer")


class SenderPool(Generic[T]):
    """Runs from the start until it is told to finish."""

    def __init__(
        self,
        settings: ProducerSettings,
        brokers: Brokers[T],
        lanes: ShardedQueue[QueuedItem[T]],
        settlement: DeliveryReports[T],
        failure: FirstFailure,
    ) -> None:
        """Start the threads. What one of them dies of becomes the failure."""
        self._settings = settings
        self._brokers = brokers
        self._lanes = lanes
        self._settlement = settlement
        self._failure = failure
        self._given_up = Event()
        self._over = Event()
        self._partitions = PartitionCounts(lambda topic: brokers.partitions(topic, self._given_up))
        workers = [self._worker(lane).run for lane in range(settings.producer_workers)]
        listeners = [partial(self._listen, transport) for transport in brokers.transports]
        self._threads = [self._started(work) for work in (*workers, *listeners)]

    def finish(self, seconds: float) -> None:
        """Send what is queued, for at most so long, then report the rest as failed. The lanes are closed.

        Blocks a few seconds longer at most.
        """
        if not self._flushed(seconds):
            self._give_up()
        self._over.set()
        for thread in self._threads:
            thread.join(_GIVING_UP_SECONDS)
        for transport in self._brokers.transports:
            transport.close()

    def _worker(self, lane: int) -> Worker[T]:
        return Worker(
            partial(self._lanes.take, lane),
            self._packer(),
            self._brokers.transport_of,
            self._settlement,
            self._failure,
            self._given_up,
            waits=self._settings.sending is SendMode.SYNC,
        )

    def _packer(self) -> Packer[T]:
        if self._settings.events_per_message == 1:
            return SingleEvents[T]()
        limits = EnvelopeLimits(self._settings.events_per_message, self._settings.linger_ms / 1000)
        return Envelopes[T](limits, lambda address: partition_of(address.key, self._partitions.of(address.topic)))

    def _listen(self, transport: Transport[T]) -> None:
        while not (self._lanes.is_finished or self._over.is_set()):
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

    def _started(self, work: Callable[[], object]) -> Thread:
        thread = Thread(target=self._guard, args=(work,), name="producer", daemon=True)
        thread.start()
        return thread

    def _guard(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it is, it surfaces at the next put()
            self._failure.note(error)
