"""Takes a source's messages to the producer, one after the other."""

import logging
import time
from collections.abc import Callable
from typing import Protocol

from ingest.events import Event, Follow
from ingest.sources.addressing import Sending
from ingest.sources.drop_log import DropLog
from ingest.sources.ledger import Ledger
from ingest.sources.producer.lanes import ProducerClosed
from ingest.sources.source import Fate, Heard, Source

_log = logging.getLogger("thunder.source")


class Outlet(Protocol):
    """The part of a QueuedProducer that the pump needs."""

    def put(self, item: Sending) -> bool:
        """Take an event in; False when it was dropped. May block."""
        ...


class Pump:
    """Listens until the source ends or is told to stop. What it hears stands in the ledger."""

    def __init__(self, source: Source, outlet: Outlet, ledger: Ledger, told_to_stop: Callable[[], bool]) -> None:
        self._source = source
        self._outlet = outlet
        self._ledger = ledger
        self._told_to_stop = told_to_stop
        self._drop_log = DropLog(source.name)

    def run(self, position: str) -> None:
        """Begin at the position. Blocks. Raises what the source and the outlet raise."""
        for heard in self._source.listen(position, self._told_to_stop):
            if heard.event is None:
                self._pass(heard)
            elif not self._send(heard, heard.event):
                return
        if not self._told_to_stop():
            _log.info("%s has ended", self._source.name)

    def _pass(self, heard: Heard) -> None:
        self._ledger.passed(heard)
        if heard.fate is Fate.DROPPED:
            self._drop_log.dropped(heard, time.monotonic())

    def _send(self, heard: Heard, event: Event | Follow) -> bool:
        """Whether to go on. What finds the producer closed counts as not heard: it is heard again another time."""
        sending = self._ledger.sending(event, heard.position)
        try:
            is_queued = self._outlet.put(sending)
        except ProducerClosed:
            return False
        if is_queued:
            self._ledger.queued(heard)
        else:
            self._ledger.dropped(sending)
        return True
