"""Verifies the marks of a node's buckets: reads them, judges each, and stamps those that hold for other data."""

import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

from common.store.address import Node
from common.store.marks import Registry, parse_mark, read_marks
from common.store.scripts import MarkStamp, stamp_marks
from ingest.write.marks.memory import BucketMemory, NodeHistory, custody_of
from ingest.write.marks.nodes import Look, MarkedTopic, MarkNodes, NodeView
from ingest.write.marks.report import JudgedMark, MarkReport
from ingest.write.marks.rules import LOSSES, Custody, PartitionPlace, Suspicion, verify


class RoundFacts(NamedTuple):
    """Inputs of one round. places: of the partitions of this thread. awaits_partitions: some are to come back."""

    lineage: str
    look: Look
    places: Mapping[int, PartitionPlace]
    registry: Registry
    awaits_partitions: bool
    now: float


class RoundFindings:
    """Results of a round, over all of its nodes.

    replays: offsets from which partitions must be read again. lossy_nodes: nodes that are proven to have lost writes.
    """

    def __init__(self) -> None:
        self.replays: dict[int, int] = {}
        self.lossy_nodes: set[Node] = set()
        self._reasons: defaultdict[int, set[Suspicion]] = defaultdict(set)

    @property
    def suspected(self) -> list[int]:
        """Partitions that are to be read again, though nothing proves a loss."""
        return [partition for partition in self.replays if self._reasons[partition] == {Suspicion.UNCONFIRMED}]

    def add(self, node: Node, judged: JudgedMark) -> None:
        """Add a mark that is true now."""
        partition, verdict = judged.partition, judged.verdict
        if verdict.replay_from is not None:
            self.replays[partition] = min(verdict.replay_from, self.replays.get(partition, verdict.replay_from))
        if verdict.suspicion is not None:
            self._reasons[partition].add(verdict.suspicion)
        if verdict.suspicion in LOSSES:
            self.lossy_nodes.add(node)


class MarkVerifier:
    """Verifies for one thread, and remembers the buckets that it found true. StoreUnavailable."""

    def __init__(
        self,
        nodes: MarkNodes,
        topic: MarkedTopic,
        report: MarkReport,
        buckets: Sequence[BucketMemory],
        history: NodeHistory,
    ) -> None:
        self._nodes = nodes
        self._topic = topic
        self._report = report
        self._buckets = buckets
        self._history = history

    def verify(self, view: NodeView, closed: Sequence[int], facts: RoundFacts, findings: RoundFindings) -> bool:
        """Verify the buckets whose marks may be other than is known; False when another worker was first in some.

        closed: buckets of the node that are not on the way.
        """
        doubtful = [b for b in closed if self._buckets[b].needs_verifying(view.tenure, facts.places)]
        replies = self._nodes.ask(view, [read_marks(bucket) for bucket in doubtful])
        judged = {
            bucket: marks
            for bucket, reply in zip(doubtful, replies, strict=True)
            if (marks := self._judge(bucket, view, cast("list[bytes]", reply), facts)) is not None
        }
        true = self._stamp(view, closed, judged)
        self._report.found(view, facts.places, (each for bucket in true for each in judged[bucket]))
        for bucket in true:
            for each in judged[bucket]:
                self._buckets[bucket].found_true(each.partition, each.mark)
                findings.add(view.node, each)
            self._buckets[bucket].verified(view.tenure, facts.now)
        return len(true) == len(judged)

    def _judge(self, bucket: int, view: NodeView, reply: Sequence[bytes], facts: RoundFacts) -> list[JudgedMark] | None:
        """Marks of the partitions of this thread; None when the bucket cannot be judged in this round."""
        memory = self._buckets[bucket]
        report = custody_of(memory, view.tenure, self._history, facts.look.unanswered)
        if report is None or (report.custody is Custody.UNSURE and facts.awaits_partitions):
            return None
        held = dict(zip(reply[::2], reply[1::2], strict=True))
        judged: list[JudgedMark] = []
        for partition, place in facts.places.items():
            field, raised = self._topic.field(partition), memory.raised.get(partition)
            value = held.get(field, b"")
            holding = report.holding(memory, view.tenure, facts.lineage, is_known=raised is not None)
            verdict = verify(
                parse_mark(value),
                place,
                holding,
                raised=raised,
                is_registered=field in facts.registry.fields[self._topic.kind],
                topic_id=facts.registry.topic_ids.get(field, ""),
            )
            judged.append(JudgedMark(partition, field, value, verdict))
        return judged

    def _stamp(self, view: NodeView, closed: Sequence[int], judged: Mapping[int, Sequence[JudgedMark]]) -> list[int]:
        """Write the marks that take the place of others. Returns the buckets whose marks are true then."""
        stamps = {
            bucket: [MarkStamp(each.field, each.value, each.mark) for each in marks if each.verdict.mark is not None]
            for bucket, marks in judged.items()
        }
        ceases = any(stamp.mark.offset < stamp.mark.whole_at for each in stamps.values() for stamp in each)
        new_id = secrets.token_hex(8).encode()
        changed = [bucket for bucket in closed if ceases or stamps.get(bucket)]
        commands = [stamp_marks(b, new_id, stamps.get(b, ()), changes_id=ceases) for b in changed]
        replies = self._nodes.ask(view, commands)
        conflicts = {bucket for bucket, reply in zip(changed, replies, strict=True) if reply}
        return [bucket for bucket in judged if bucket not in conflicts]
