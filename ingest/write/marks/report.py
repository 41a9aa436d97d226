"""Reports what was found of the marks of a node: one log line and one count for each suspicion."""

import logging
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from common.errors import StoreUnavailable
from common.store.address import Node
from common.store.marks import Mark, parse_mark
from ingest.write.marks.nodes import MarkedTopic, NodeView
from ingest.write.marks.rules import LOSSES, MarkVerdict, PartitionPlace, Suspicion
from ingest.write.metrics import MarkMetrics

_log = logging.getLogger("thunder.ingest")


class JudgedMark(NamedTuple):
    """Mark of a partition in a bucket: its field, its value as read (empty for none), and the verdict."""

    partition: int
    field: bytes
    value: bytes
    verdict: MarkVerdict

    @property
    def mark(self) -> Mark:
        """The mark that is true now."""
        mark = self.verdict.mark or parse_mark(self.value)
        if mark is None:
            raise ValueError("a mark that is not there was kept")
        return mark


class MarkReport:
    """Reports for one thread."""

    def __init__(self, topic: MarkedTopic, metrics: MarkMetrics) -> None:
        self._topic = topic
        self._metrics = metrics
        self._denied = False

    def found(self, view: NodeView, places: Mapping[int, PartitionPlace], marks: Iterable[JudgedMark]) -> None:
        """These marks of a node were judged."""
        by_suspicion: dict[Suspicion, list[JudgedMark]] = {}
        for mark in marks:
            if mark.verdict.suspicion is not None:
                by_suspicion.setdefault(mark.verdict.suspicion, []).append(mark)
        for suspicion, found in by_suspicion.items():
            is_replayed = any(each.verdict.replay_from is not None for each in found)
            self._metrics.found(suspicion, is_replayed=is_replayed)
            _log.log(
                logging.WARNING if suspicion in LOSSES else logging.INFO,
                "%s (%s): Redis %s, partitions %s of %s, up to %d messages are read again",
                "Store lost writes" if suspicion in LOSSES else "Writes may not be in the store",
                suspicion,
                view.node,
                sorted({each.partition for each in found}),
                self._topic.name,
                max(max(0, places[each.partition].position - each.mark.offset) for each in found),
            )

    def proved(self, node: Node, partitions: Iterable[int], posts: int) -> None:
        """Posts that are read again are gone from a node that has the marks behind them."""
        self._metrics.found(Suspicion.OLDER, is_replayed=False)
        _log.warning(
            "Store lost writes (%s): Redis %s, partitions %s of %s, posts that were stored before are gone, %d of them "
            "in the first batch that is read again",
            Suspicion.OLDER,
            node,
            sorted(partitions),
            self._topic.name,
            posts,
        )

    def failed(self, reason: StoreUnavailable) -> bool:
        """A round failed, or a part of it. Returns whether a right is missing."""
        if "NOPERM" not in str(reason):
            _log.debug("Marks are not raised: %s", reason)  # the writes that fail meanwhile are logged
            return False
        if not self._denied:
            self._denied = True
            _log.warning("Lost writes will not be noticed, as Redis does not allow marks to be kept: %s", reason)
        return True
