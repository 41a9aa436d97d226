"""Memory of nodes and buckets between two rounds of a worker, and the custody of a bucket that follows. Pure.

Times are seconds of a clock that never goes back.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from common.store.marks import Mark, Tenure
from ingest.write.marks.rules import Custody, Holding

_UPTIME_MARGIN_SECONDS = 2.0
"""INFO tells the uptime in whole seconds."""

_NO_HISTORY = "0" * 40


class NodeHistory:
    """Tenures of the nodes, and since when each is known to last."""

    def __init__(self) -> None:
        self._known: dict[str, Tenure] = {}
        self._since: dict[str, float] = {}
        self._answered: frozenset[str] = frozenset()

    def looked(self, uptimes: Mapping[Tenure, int], now: float) -> None:
        """These nodes have answered. uptimes: seconds since a node's process began, or less.

        A node that is new has had its tenure since then, unless it was promoted; an old one since now.
        """
        for tenure, uptime in uptimes.items():
            known = self._known.get(tenure.node_id)
            if known is None and tenure.previous_replid == _NO_HISTORY:
                self._since[tenure.node_id] = min(now, now - uptime + _UPTIME_MARGIN_SECONDS)
            elif known != tenure:
                self._since[tenure.node_id] = now
            self._known[tenure.node_id] = tenure
        self._answered = frozenset(tenure.node_id for tenure in uptimes)

    def lasting(self, node_id: str, since: float) -> Tenure | None:
        """Tenure of the node, when it answered and its tenure has lasted since then."""
        return self._known[node_id] if node_id in self._answered and self._since[node_id] <= since else None


@dataclass(slots=True)
class BucketMemory:
    """A bucket as this worker knows it.

    tenure: for which its marks were found true, None for not yet, at the time verified_at. raised: offset of each
    partition that its mark is not below. short_until: offset from which the bucket is whole, where it is not.
    used: tenures that it was written in since. seen: tenure of the node that had it when it was last not on the way,
    at the time seen_at. ends: ids of nodes that it has been on the way between since.
    """

    tenure: Tenure | None = None
    verified_at: float = 0.0
    raised: dict[int, int] = field(default_factory=dict[int, int])
    short_until: dict[int, int] = field(default_factory=dict[int, int])
    used: set[Tenure] = field(default_factory=set[Tenure])
    seen: Tenure | None = None
    seen_at: float = 0.0
    ends: set[str] = field(default_factory=set[str])
    is_open: bool = False

    def needs_verifying(self, tenure: Tenure, partitions: Collection[int]) -> bool:
        """Whether the marks may be other than this worker knows, on a node of this tenure."""
        is_same = self.tenure == tenure and self.used <= {tenure} and not self.ends
        return not is_same or not self.raised.keys() >= set(partitions)

    def looked_at(self, tenure: Tenure, open_between: Collection[str], now: float) -> None:
        """The bucket is at a node of this tenure, and on the way between these nodes, if any."""
        self.is_open = bool(open_between)
        self.ends.update(open_between)
        if not self.ends and (self.seen is None or self.seen == tenure):
            self.seen, self.seen_at = tenure, now

    def verified(self, tenure: Tenure, now: float) -> None:
        """The marks are true for this tenure."""
        if self.tenure != tenure:
            self.tenure, self.verified_at = tenure, now
        self.used.clear()
        self.ends.clear()
        self.seen, self.seen_at = tenure, now

    def found_true(self, partition: int, mark: Mark) -> None:
        """The mark of the partition is true."""
        self.forget(partition)
        self.raised[partition] = mark.offset
        if mark.offset < mark.whole_at:
            self.short_until[partition] = mark.whole_at

    def forget(self, partition: int) -> None:
        """The partition belongs to another worker, or is read again."""
        self.raised.pop(partition, None)
        self.short_until.pop(partition, None)

    def reached(self, partition: int, offset: int) -> None:
        """The mark of the partition is not below this offset now."""
        self.raised[partition] = max(offset, self.raised.get(partition, 0))
        if offset >= self.short_until.get(partition, offset + 1):
            del self.short_until[partition]


class CustodyReport(NamedTuple):
    """origins: tenures whose data of the bucket is all at the node now."""

    custody: Custody
    origins: frozenset[Tenure]

    def holding(self, memory: BucketMemory, tenure: Tenure, lineage: str, *, is_known: bool) -> Holding:
        """Holding of a bucket for a partition. is_known: its mark was found true before."""
        used = memory.used | ({memory.tenure} if is_known and memory.tenure else set[Tenure]())
        return Holding(tenure, lineage, self.custody, self.origins, used)


def custody_of(
    memory: BucketMemory, tenure: Tenure, history: NodeHistory, unanswered: Collection[str]
) -> CustodyReport | None:
    """Custody of a bucket that is not on the way now. unanswered: ids of nodes that did not answer in this round.

    None when that must be known first.
    """
    seen, ends = memory.seen, set(memory.ends)
    if seen is not None and seen.node_id != tenure.node_id:
        was_promoted = tenure.previous_replid == seen.replid
        ends |= set[str]() if was_promoted and not ends else {seen.node_id, tenure.node_id}
    if not ends:
        return CustodyReport(Custody.KEPT, frozenset({tenure}))
    if seen is None:
        return CustodyReport(Custody.UNSURE, frozenset({tenure}))
    if not ends.isdisjoint(unanswered):
        return None
    lasting = {history.lasting(node_id, memory.seen_at) for node_id in ends}
    tenures = frozenset(each for each in lasting if each is not None)
    is_sure = len(tenures) == len(ends) and seen in tenures
    return CustodyReport(Custody.MOVED if is_sure else Custody.UNSURE, tenures | {tenure})
