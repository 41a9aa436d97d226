"""Reports caught-up partitions from a thread of its own: a silent Redis must not hold up threads that read Kafka."""

import logging
from collections.abc import Callable
from threading import Event, Lock
from typing import NamedTuple

from common.errors import StoreUnavailable
from common.lifecycle import Stop
from common.timing import Backoff

_BACKOFF = Backoff(longest=1.0)

_log = logging.getLogger("thunder.ingest")


class CaughtUp(NamedTuple):
    """A partition that has caught up with the data of a lineage; partitions: their number."""

    topic: str
    partition: int
    lineage: str
    partitions: int


class CaughtUpReports:
    """Reports that wait to be sent, the last one of each partition. add() is for any thread, run() for one."""

    def __init__(self, send: Callable[[CaughtUp], None], lineage: Callable[[], str]) -> None:
        """send: may raise StoreUnavailable. lineage: of the store, as last seen."""
        self._send = send
        self._lineage = lineage
        self._lock = Lock()
        self._waiting: dict[tuple[str, int], CaughtUp] = {}
        self._added = Event()

    def add(self, report: CaughtUp) -> None:
        """Let a report be sent, in place of an older one of the partition. Does not block."""
        with self._lock:
            self._waiting[report.topic, report.partition] = report
        self._added.set()

    def run(self, stop: Stop) -> None:
        """Send reports as they are added, until the stop is set. One that fails is sent again."""
        stop.call_when_set(self._added.set)
        attempt = 0
        while not stop.is_set():
            self._added.wait()
            self._added.clear()
            if self._send_waiting():
                attempt = 0
            else:
                stop.wait(_BACKOFF.delay(attempt))
                attempt += 1
                self._added.set()

    def _send_waiting(self) -> bool:
        """False when some were not sent."""
        with self._lock:
            waiting = [*self._waiting.values()]
        for report in waiting:
            if report.lineage == self._lineage() and not self._sent(report):  # another worker may report the new one
                return False
            self._forget(report)
        return True

    def _sent(self, report: CaughtUp) -> bool:
        try:
            self._send(report)
        except StoreUnavailable as reason:
            _log.warning(
                "Cannot report that partition %d of %s has caught up, it is tried again: %s",
                report.partition,
                report.topic,
                reason,
            )
            return False
        return True

    def _forget(self, report: CaughtUp) -> None:
        """A newer one of the partition stays."""
        with self._lock:
            if self._waiting[report.topic, report.partition] is report:
                del self._waiting[report.topic, report.partition]
