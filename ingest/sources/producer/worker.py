"""One of the threads that send: what it takes from its lane stays in order."""

import time
from collections.abc import Callable
from threading import Event
from typing import Generic

from common.errors import ConfigurationError, KafkaUnavailable
from ingest.sources.producer.first_failure import FirstFailure
from ingest.sources.producer.packing import Packer
from ingest.sources.producer.parcel import OutgoingMessage, QueuedItem, T
from ingest.sources.producer.settlement import DeliveryReports
from ingest.sources.producer.transport import Transport

_EVERYTHING = float("inf")


class Worker(Generic[T]):
    """Empties a lane: packs entries into messages and hands them over."""

    def __init__(
        self,
        take: Callable[[float | None], list[QueuedItem[T]] | None],
        packer: Packer[T],
        transport_of: Callable[[str], Transport[T]],
        settlement: DeliveryReports[T],
        failure: FirstFailure,
        given_up: Event,
        waits: bool,
    ) -> None:
        """Take from one lane: see Lanes.take. given_up: nothing is to be sent any more, only settled.

        waits: each message waits for the settlement of the one before.
        """
        self._take = take
        self._packer = packer
        self._transport_of = transport_of
        self._settlement = settlement
        self._failure = failure
        self._given_up = given_up
        self._waits = waits

    def run(self) -> None:
        """Return when the lane is closed and all of it is handed over. Blocks."""
        while (entries := self._take(self._seconds_until_due())) is not None:
            for entry in entries:
                self._add(entry)
            self._send(self._packer.due(time.monotonic()))
        self._send(self._packer.due(_EVERYTHING))

    def _seconds_until_due(self) -> float | None:
        due_at = self._packer.due_at
        return None if due_at is None else max(0.0, due_at - time.monotonic())

    def _add(self, entry: QueuedItem[T]) -> None:
        if self._given_up.is_set():
            self._settlement.unsent([entry])
            return
        try:
            self._send(self._packer.add(entry, time.monotonic()))
        except (KafkaUnavailable, ConfigurationError) as failure:
            if isinstance(failure, ConfigurationError):
                self._failure.note(failure)
            self._settlement.unsent([entry], str(failure))

    def _send(self, parcels: list[OutgoingMessage[T]]) -> None:
        for parcel in parcels:
            settled = Event() if self._waits else None
            self._transport_of(parcel.topic).send(parcel, settled)
            if settled is not None:
                settled.wait()
