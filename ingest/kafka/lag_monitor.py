"""Shows how far a worker is behind, and tells the servers which partitions have caught up."""

import logging
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from common.errors import StoreUnavailable
from common.timing import RateLimiter
from ingest.kafka.assignment import Changes
from ingest.kafka.catch_up import CatchUpProgress
from ingest.metrics import IngestMetrics

ReportCaughtUp = Callable[[int, str], None]
"""Tells whoever waits that a partition has caught up, for data of a lineage. May be repeated. StoreUnavailable."""

_log = logging.getLogger("thunder.ingest")


class Ends(Protocol):
    """The part of a source that the monitor needs."""

    def ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        """Current end offset of each partition, as far as it is known."""
        ...


class LagMonitor:
    """Looks at the progress of one thread."""

    def __init__(
        self, source: Ends, topic: str, interval_seconds: float, report: ReportCaughtUp, metrics: IngestMetrics
    ) -> None:
        self._source = source
        self._topic = topic
        self._due = RateLimiter(interval_seconds)
        self._report = report
        self._metrics = metrics
        self._shown = (frozenset[int](), frozenset[int]())
        self._reported: frozenset[int] = frozenset()

    def changed(self, changes: Changes) -> None:
        """Partitions came or went: those that went are shown by another member."""
        self._metrics.lost(self._topic, changes.lost)
        self._reported -= changes.lost

    def show_lags(self, progress: CatchUpProgress, now: int) -> None:
        """Show the lags once per interval and when partitions come, go or catch up; called often. now in seconds."""
        state = (progress.partitions, progress.caught_up)
        if self._due.allow(now) or self._shown != state:
            self._shown = state
            self._metrics.lag(self._topic, progress.lags(self._source.ends(progress.partitions)))
            self._reported = frozenset()

    def report(self, progress: CatchUpProgress, lineage: str) -> None:
        """Report each partition that has caught up, and again after lags were shown; called often.

        lineage: of the data that the progress was made with.

        The repetition keeps the report from expiring, and tells a store that was lost and began anew.
        """
        for partition in progress.caught_up - self._reported:
            try:
                self._report(partition, lineage)
            except StoreUnavailable as reason:
                _log.warning("Cannot report that partition %d has caught up: %s", partition, reason)
                return
            self._reported |= {partition}
