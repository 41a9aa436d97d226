"""Measures the lag of a worker, and reports to the servers which partitions have caught up."""

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from common.timing import RateLimiter
from ingest.kafka.assignment import AssignmentChanges
from ingest.kafka.catch_up import CatchUpProgress
from ingest.metrics import IngestMetrics

ReportCaughtUp = Callable[[int, str], None]
"""(partition, lineage): lets another thread report that a partition has caught up. May be repeated."""


class EndOffsets(Protocol):
    """The part of a consumer that the monitor needs."""

    def ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        """Current end offset of each partition, as far as they are known."""
        ...


class LagMonitor:
    """Publishes the progress of one thread."""

    def __init__(
        self,
        consumer: EndOffsets,
        topic: str,
        interval_seconds: float,
        report_caught_up: ReportCaughtUp | None,
        metrics: IngestMetrics,
    ) -> None:
        """report_caught_up: None where no server waits for it."""
        self._consumer = consumer
        self._topic = topic
        self._due = RateLimiter(interval_seconds)
        self._report_caught_up = report_caught_up
        self._metrics = metrics
        self._shown: tuple[Collection[int], Collection[int]] | None = None
        self._reported: frozenset[int] = frozenset()

    def changed(self, changes: AssignmentChanges) -> None:
        """Partitions came or went: another member shows those that went."""
        self._metrics.lost(self._topic, changes.lost)
        self._reported -= changes.lost
        if changes.lost:
            self._shown = None  # one that came back at once is to be shown again

    def show_lags(self, progress: CatchUpProgress, now: int) -> None:
        """Measure the lags once per interval and when partitions come, go or catch up; called often. now in seconds."""
        state = (progress.partitions, progress.caught_up)
        if self._due.allow(now) or self._shown != state:
            self._shown = state
            self._metrics.lag(self._topic, progress.lags(self._consumer.ends(progress.partitions)))
            self._reported = frozenset()

    def report(self, progress: CatchUpProgress, lineage: str) -> None:
        """Report each partition that has caught up with the data of this lineage; called often.

        Each is reported again after lags were measured: this keeps the report from expiring, and reaches a store whose
        data was lost.
        """
        if self._report_caught_up is None:
            return
        for partition in progress.caught_up - self._reported:
            self._report_caught_up(partition, lineage)
            self._reported |= {partition}
