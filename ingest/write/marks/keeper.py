"""Keeps the marks of one consumer thread: raises them once a second, and finds out when the store has lost writes."""

import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from common.errors import StoreUnavailable
from common.store.client import StoreClient
from common.store.marks import Registry
from common.store.scripts import MarkRaise, raise_marks, stamp_marks
from common.timing import Clock, system_clock
from ingest.batch import Message
from ingest.write.marks.evidence import FindLacking, LossEvidence, find_nothing
from ingest.write.marks.memory import BucketMemory, NodeHistory
from ingest.write.marks.nodes import Look, MarkedTopic, MarkNodes, NodeView
from ingest.write.marks.partitions import MarkedPartitions
from ingest.write.marks.report import MarkReport
from ingest.write.marks.rules import PartitionPlace
from ingest.write.marks.verifier import MarkVerifier, RoundFacts, RoundFindings
from ingest.write.metrics import MarkMetrics

ROUND_SECONDS = 1.0
_HURRIED_SECONDS = 0.05
"""Shortest time between rounds, when something has happened."""

_DENIED_SECONDS = 30.0
"""Time between rounds while Redis does not allow them: each one costs a connection."""

_SETTLED_SECONDS = 60.0
"""Time after which writes to Redis are on its disk, even if it dies: AOF everysec delays them by seconds."""

_REGISTRATION_SECONDS = 60.0


class _Checkpoint(NamedTuple):
    at: float
    positions: dict[int, int]


class MarkKeeper:
    """Knows the partitions of one thread. All calls belong to that thread, which writes through the same client."""

    def __init__(
        self,
        store_client: StoreClient,
        buckets: int,
        topic: MarkedTopic,
        metrics: MarkMetrics,
        find_lacking: FindLacking = find_nothing,
        on_replay: Callable[[], None] = lambda: None,
        clock: Clock = system_clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """on_replay is called before partitions are read again, because Redis has lost keys, or may have."""
        self._store_client = store_client
        self._nodes = MarkNodes(store_client, buckets)
        self._topic = topic
        self._metrics = metrics
        self._report = MarkReport(topic, metrics)
        self._clock = clock
        self._monotonic = monotonic
        self._buckets = [BucketMemory() for _ in range(buckets)]
        self._history = NodeHistory()
        self._verifier = MarkVerifier(self._nodes, topic, self._report, self._buckets, self._history)
        self._lineage = ""
        self._partitions = MarkedPartitions()
        self._evidence = LossEvidence(topic.retention_seconds, self._report, find_lacking)
        self._on_replay = on_replay
        self._registry: Registry | None = None
        self._registered_at = 0.0
        self._candidate = self._settled = _Checkpoint(0.0, {})
        self._next_round = 0.0
        self._not_before = 0.0
        self._sessions_seen = 0

    def lost(self, partitions: Collection[int]) -> None:
        """These partitions belong to another worker, or are read again."""
        self._partitions.lost(partitions)
        for partition in partitions:
            for checkpoint in (self._candidate, self._settled):
                checkpoint.positions.pop(partition, None)
            for memory in self._buckets:
                memory.forget(partition)

    def gained(self, starts: Mapping[int, tuple[int, int, bool, str]]) -> None:
        """Partitions of this worker: next offset to read, end, whether it is the start of a replay, id of the topic."""
        self._partitions.gained(starts)
        if starts:
            self._registry = None
            self._hurry()

    def keep(self, positions: Mapping[int, int], lineage: str) -> Mapping[int, int]:
        """Raise the marks to these positions, below which everything is applied, when a round is due. Blocks.

        No write may be under way. Returns the partitions that must be read again, each with the offset.
        """
        if self._partitions.advance(positions):
            self._hurry()
        now = self._monotonic()
        if not self._is_due(now):
            return {}
        self._next_round, self._not_before = now + ROUND_SECONDS, now + _HURRIED_SECONDS
        if lineage != self._lineage:
            self._begin_lineage(lineage)
        if not (lineage and self._places):
            return {}
        findings = RoundFindings()
        try:
            self._round(findings, now)
        except StoreUnavailable as reason:
            self._failed(reason)
        return findings.replays

    def examine(self, outcomes: Iterable[tuple[Message, object]], now: int) -> None:
        """Look whether what is read again, and about to be written again, is in the store. StoreUnavailable. Blocks."""
        if self._partitions.doubts:
            self._evidence.examine(outcomes, self._partitions.doubts, now)

    def _failed(self, reason: StoreUnavailable) -> None:
        """Try again a round later, or as soon as something happens, such as a connection to a new master."""
        now = self._monotonic()
        self._next_round = now + ROUND_SECONDS
        if self._report.failed(reason):
            self._not_before = now + _DENIED_SECONDS

    def observe(self) -> None:
        """Look at the nodes while a batch is held, so that no failure of a reshard goes unseen. Blocks."""
        now = self._monotonic()
        if now >= self._next_round:
            self._next_round = now + ROUND_SECONDS
            try:
                self._look(now)
            except StoreUnavailable as reason:
                self._failed(reason)

    @property
    def _places(self) -> Mapping[int, PartitionPlace]:
        return self._partitions.places

    def _is_due(self, now: float) -> bool:
        opened = self._store_client.sessions_opened
        if opened != self._sessions_seen:
            self._sessions_seen = opened
            self._hurry()
        return now >= max(self._next_round, self._not_before)

    def _hurry(self) -> None:
        self._next_round = 0.0

    def _begin_lineage(self, lineage: str) -> None:
        """Marks of another lineage say nothing: every partition is read again for this one."""
        self._lineage, self._registry = lineage, None
        self._buckets[:] = [BucketMemory() for _ in self._buckets]

    def _round(self, findings: RoundFindings, now: float) -> None:
        look = self._look(now)
        self._sessions_seen = self._store_client.sessions_opened
        if self._registry is None:
            self._registry = self._nodes.read_registry(self._topic, self._lineage, self._clock())
        awaits_partitions = self._partitions.awaited(now)
        facts = RoundFacts(self._lineage, look, self._places, self._registry, awaits_partitions, now)
        for view in look.views:
            try:
                self._keep_node(view, facts, findings)
            except StoreUnavailable as reason:
                self._failed(reason)
        if findings.replays:
            self._announce(look)
            self._evidence.begin(findings.lossy_nodes)
            self._on_replay()
        self._partitions.replay(findings.replays, findings.suspected, now)
        self._save_checkpoint(now)
        self._show(now)
        self._register(self._registry, now)

    def _announce(self, look: Look) -> None:
        """Change the ids of all marks: servers look at every node before the replay writes to any."""
        new_id = secrets.token_hex(8).encode()
        for view in look.views:
            commands = [stamp_marks(bucket, new_id, (), changes_id=True) for bucket in self._closed(view)]
            try:
                self._nodes.ask(view, commands)
            except StoreUnavailable as reason:
                self._failed(reason)

    def _look(self, now: float) -> Look:
        """Remember the tenures of the nodes, where buckets were written, and which are on the way."""
        for tenure, buckets in self._store_client.take_used().items():
            for bucket in buckets:
                self._buckets[bucket].used.add(tenure)
        look = self._nodes.look()
        if look.failure is not None:
            self._failed(look.failure)
        self._history.looked(look.uptimes, now)
        for view in look.views:
            for bucket in view.buckets:
                self._buckets[bucket].looked_at(view.tenure, look.ends.get(bucket, ()), now)
        return look

    def _keep_node(self, view: NodeView, facts: RoundFacts, findings: RoundFindings) -> None:
        closed = self._closed(view)
        if not self._verifier.verify(view, closed, facts, findings):
            self._hurry()
        self._raise(view, closed, findings.replays.keys())

    def _closed(self, view: NodeView) -> list[int]:
        """Buckets of the node that are not on the way to another."""
        return [bucket for bucket in view.buckets if not self._buckets[bucket].is_open]

    def _raise(self, view: NodeView, closed: Sequence[int], replayed: Collection[int]) -> None:
        raised = [bucket for bucket in closed if not self._buckets[bucket].needs_verifying(view.tenure, ())]
        stamp = view.tenure.stamp(self._lineage)
        raises = {bucket: [*self._raises(self._buckets[bucket], replayed)] for bucket in raised}
        raises = {bucket: of_bucket for bucket, of_bucket in raises.items() if of_bucket}
        replies = self._nodes.ask(view, [raise_marks(bucket, stamp, each) for bucket, each in raises.items()])
        for bucket, refused in zip(raises, replies, strict=True):
            if refused:
                self._buckets[bucket].tenure = None
                self._hurry()
            else:
                for partition in self._buckets[bucket].raised.keys() & self._places.keys() - replayed:
                    self._buckets[bucket].reached(partition, self._places[partition].position)

    def _raises(self, memory: BucketMemory, replayed: Collection[int]) -> Iterable[MarkRaise]:
        settled = self._settled.positions if self._settled.at >= memory.verified_at else {}
        for partition, known in memory.raised.items():
            if partition in self._places and partition not in replayed:
                position = self._places[partition].position
                yield MarkRaise(self._topic.field(partition), known, position, settled.get(partition, 0))

    def _register(self, registry: Registry, now: float) -> None:
        """Register partitions that have a mark in every bucket; refresh those that are registered."""
        held, fields = registry.fields[self._topic.kind], {each: self._topic.field(each) for each in self._places}
        known = {partition: "" for partition, field in fields.items() if field in held}
        new = {
            partition: place.topic_id
            for partition, place in self._places.items()
            if partition not in known or place.topic_id not in ("", registry.topic_ids.get(fields[partition]))
            if all(partition in memory.raised for memory in self._buckets)
        }
        if new or now - self._registered_at >= _REGISTRATION_SECONDS:
            self._nodes.register(self._topic, known | new, self._lineage, registry.left_over, self._clock())
            self._registry = self._nodes.read_registry(self._topic, self._lineage, self._clock())
            self._registered_at = now

    def _save_checkpoint(self, now: float) -> None:
        if now - self._candidate.at >= _SETTLED_SECONDS:
            self._settled, self._candidate = self._candidate, _Checkpoint(now, self._partitions.positions)

    def _show(self, now: float) -> None:
        self._partitions.watch(self._buckets)
        if not self._partitions.awaited(now):
            short = (bool(each.short_until) or not self._places.keys() <= each.raised.keys() for each in self._buckets)
            self._metrics.short(self, sum(short))
