"""Proves that the store lost writes where its marks do not: posts that were applied before are gone when read again.

Marks are lost with the writes in front of them, but not always: a restart while Redis rewrites its append-only file may
lose the end of the older file and keep the newer one; and a worker that begins does not know how high a mark was.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from common.store.address import Node
from ingest.batch import Message
from ingest.post_row import PostRow
from ingest.write.marks.report import MarkReport

FindLacking = Callable[[Sequence[PostRow]], Mapping[Node, int]]
"""Number of creates of which a node has no record, not even of a deletion, by node. StoreUnavailable. Blocks."""


def find_nothing(_: Sequence[PostRow]) -> Mapping[Node, int]:
    """Find nothing: for a topic without posts."""
    return {}


class LossEvidence:
    """Reports each node once, for all partitions that are in doubt together."""

    def __init__(self, retention_seconds: int, report: MarkReport, find_lacking: FindLacking) -> None:
        self._retention_seconds = retention_seconds
        self._report = report
        self._find_lacking = find_lacking
        self._reported: set[Node] = set()

    def begin(self, reported: Iterable[Node]) -> None:
        """Partitions are read again from now on. reported: nodes whose loss is known."""
        self._reported = set(reported)

    def examine(self, outcomes: Iterable[tuple[Message, object]], doubts: Mapping[int, int], now: int) -> None:
        """Look for outcomes that are about to be written again. StoreUnavailable. Blocks.

        doubts: the offset below which everything was applied, of each partition that is in doubt.
        """
        examined = [
            (message.partition, outcome)
            for message, outcome in outcomes
            if isinstance(outcome, PostRow)
            and message.offset < doubts.get(message.partition, 0)
            and self._was_stored(outcome, message, now)
        ]
        if not examined:
            return
        for node, count in self._find_lacking([row for _, row in examined]).items():
            if node not in self._reported:
                self._reported.add(node)
                self._report.proved(node, {partition for partition, _ in examined}, count)

    def _was_stored(self, row: PostRow, message: Message, now: int) -> bool:
        """Whether a create can neither have been dropped, as one from the future, nor have expired since."""
        is_young = row.created_at > now - self._retention_seconds // 2
        return not row.is_delete and is_young and row.created_at * 1000 <= message.sent_ms
