"""Takes events from a source into a bounded queue and produces them to Kafka."""

import logging
import time
from collections.abc import Callable
from functools import partial
from threading import Event, Thread
from typing import Generic

from common.errors import ConfigurationError, KafkaRefused, ThunderError
from common.settings.producer import ProducerSettings, SendMode, WhenFull
from ingest.sources.producer.brokers import Brokers, KafkaBrokers
from ingest.sources.producer.delivery_reports import DeliveryReports, OnDelivery, ProducerFigures
from ingest.sources.producer.envelopes import EnvelopeLimits, EnvelopePacker, Envelopes
from ingest.sources.producer.outgoing import (
    Addressed,
    DeliveryFailure,
    DeliveryReport,
    OutgoingMessage,
    ShardedQueue,
    T,
)
from ingest.sources.producer.partitions import PartitionCounts, partition_of

_SLICE_SECONDS = 0.1
"""Interval at which a wait checks whether it is in vain."""

_REFUSED_SECONDS = 2.0
"""Time to flush when Kafka has refused something: perhaps not everything."""

_GIVE_UP_SECONDS = 5.0
"""Time for librdkafka to report what it purges, and for a thread to end."""

_log = logging.getLogger("thunder.producer")


class QueueFull(ThunderError):
    """The queue of the producer is full: the source gives more than Kafka takes."""


class QueuedProducer(Generic[T]):
    """Takes items from any thread. Close it once."""

    def __init__(
        self,
        settings: ProducerSettings,
        encode: Callable[[T], Addressed],
        on_delivery: OnDelivery[T],
        brokers: Brokers[T] | None = None,
    ) -> None:
        """put() calls encode, in its thread. brokers: those of the settings by default. ConfigurationError."""
        self._encode = encode
        self._when_full = settings.when_full
        self._brokers = brokers or KafkaBrokers[T](settings)
        self._failure: Exception | None = None
        self._given_up = Event()
        self._over = Event()
        self._reports = DeliveryReports(settings.queue_size, on_delivery, self._note)
        in_turn = settings.sending is SendMode.SYNC
        self._shards = ShardedQueue(settings.producer_workers, self._brokers.send) if in_turn else None
        self._packer = self._new_packer(settings) if settings.events_per_message > 1 else None
        work = [partial(self._collect, client) for client in range(self._brokers.clients)]
        self._threads = [self._started(each) for each in [*work, *([self._packer.run] if self._packer else [])]]

    def put(self, item: T) -> bool:
        """Take an item in; False when it was dropped, which the settings must allow. May block when they say so.

        QueueFull when they say that. ProducerClosed. KafkaRefused, and what else the producer failed of; what encode
        raises.
        """
        self._raise_if_failed()
        address = self._encode(item)
        if not (self._reports.admit() or self._admit_when_full()):
            return False
        if self._packer is not None:
            self._packer.add(item, address)
        else:
            self._send(OutgoingMessage(address.topic, None, address.key, address.value, (item,)))
        return True

    def figures(self) -> ProducerFigures:
        """Counts of the items so far. For any thread, cheap."""
        return self._reports.figures

    def close(self, seconds: float) -> None:
        """Send what is queued, for these seconds; report the rest as failed. A put() that waits ends.

        Blocks a few seconds longer at most. Raises what put() would raise, when all that is done.
        """
        self._reports.close()
        if self._packer is not None:
            self._packer.close()
        if not self._flushed(seconds):
            self._give_up()
        self._over.set()
        for thread in self._threads:
            thread.join(_GIVE_UP_SECONDS)
        self._brokers.close()
        self._raise_if_failed()

    def _new_packer(self, settings: ProducerSettings) -> EnvelopePacker[T]:
        counts = PartitionCounts(lambda topic: self._brokers.partitions(topic, self._given_up))
        limits = EnvelopeLimits(settings.events_per_message, settings.linger_ms / 1000)
        envelopes = Envelopes[T](limits, lambda address: partition_of(address.key, counts.of(address.topic)))
        return EnvelopePacker(envelopes, self._send, self._unplaced)

    def _admit_when_full(self) -> bool:
        match self._when_full:
            case WhenFull.BLOCK:
                while not self._reports.admit(_SLICE_SECONDS):
                    self._raise_if_failed()
                return True
            case WhenFull.DROP:
                self._reports.drop()
                return False
            case WhenFull.FAIL:
                raise QueueFull

    def _send(self, message: OutgoingMessage[T]) -> None:
        if self._given_up.is_set():
            self._fail(message)
        elif self._shards is not None:
            self._shards.add(message)
        else:
            self._brokers.send(message)

    def _unplaced(self, message: OutgoingMessage[T], error: Exception) -> None:
        if isinstance(error, ConfigurationError):
            self._note(error)
        self._fail(message, str(error))

    def _fail(self, message: OutgoingMessage[T], reason: str = "not sent before the end") -> None:
        self._reports.settle([DeliveryReport(message, DeliveryFailure(reason))])

    def _collect(self, client: int) -> None:
        """Settle the delivery reports of a client until all is settled."""
        while not (self._reports.is_finished or self._over.is_set()):
            hurry = self._reports.is_closed
            reports = self._brokers.poll(client, _SLICE_SECONDS, hurry=hurry)
            self._reports.settle(reports)
            if self._shards is not None:
                self._shards.reported(reports)

    def _flushed(self, seconds: float) -> bool:
        began = time.monotonic()
        while not self._reports.wait_until_settled(_SLICE_SECONDS):
            limit = min(seconds, _REFUSED_SECONDS) if self._is_refused() else seconds
            if time.monotonic() >= began + limit:
                return False
        return True

    def _give_up(self) -> None:
        self._given_up.set()
        self._brokers.give_up()
        if self._shards is not None:
            for message in self._shards.clear():
                self._fail(message)
        if not self._reports.wait_until_settled(_GIVE_UP_SECONDS):
            _log.error("%d events unconfirmed at shutdown", self._reports.figures.queued)

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
        except Exception as error:  # noqa: BLE001 - any error surfaces at the next put()
            self._note(error)

    def _note(self, failure: Exception) -> None:
        self._failure = self._failure or failure

    def _raise_if_failed(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._brokers.raise_if_refused()
