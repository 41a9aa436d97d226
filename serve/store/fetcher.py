"""Reads parts of rounds from Redis for a read core: one pipeline per node, all nodes at once."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import hiredis

from common.errors import StoreUnavailable
from common.store.keys import KeySpace
from common.store.layout import READ_LINEAGE
from common.store.marks import MarkKind
from common.store.topology import Topology
from common.telemetry.tracing import span
from serve.deadline import Deadline
from serve.overload.slot import current_slot
from serve.readiness.gate import StoreGate
from serve.store.connection import NodeDisconnected
from serve.store.failure_log import FailureLog
from serve.store.node_fill import NodeFill
from serve.store.nodes import FillPlan, NodeConnections
from serve.store.sessions import NodeChanged, NodeReplies, NodeTimeout
from serve.timeline.read_core import Commands, DamagedReply, ReadCore, StoreMap
from serve.timeline.read_plan import wire_bytes

_NO_COMMANDS = Commands(b"", 0, 0)

NodeResult = NodeReplies | StoreUnavailable


class _Part(NamedTuple):
    """The part that a core has begun. plan: None in a store without marks. unsafe: buckets that are not filled."""

    core: ReadCore
    nodes: Sequence[int]
    topology: Topology
    plan: FillPlan | None
    unsafe: set[int]


class RedisFetcher:
    """A fetcher over one Redis or a Redis Cluster. gate: None when any lineage may be read."""

    def __init__(self, connections: NodeConnections, keys: KeySpace, gate: StoreGate | None = None) -> None:
        self._connections = connections
        self._keys = keys
        self._gate = gate
        self._failures = FailureLog()
        self._mapped: tuple[Topology, StoreMap] | None = None

    async def read_part(self, core: ReadCore, deadline: Deadline) -> None:
        """Read the next part. StoreFilling when nothing of it may be read: ingest has not caught up, or must fill gaps.

        Rejected when the request reads more than there is room for.
        """
        if self._gate:
            self._gate.check()
        topology = await self._connections.topology(deadline)
        plan = self._connections.plan(MarkKind.POSTS)
        size = core.next_part(self._map_of(topology))
        if slot := current_slot.get():
            slot.grow(wire_bytes(size.entries))
        if plan and self._gate:
            self._gate.confirm(plan.expected.lineage.encode())
        unsafe = set(await self._connections.left_out(plan, MarkKind.POSTS, deadline)) if plan else set[int]()
        nodes = size.nodes
        if self._reads_lineage(plan) and topology.node_of_meta not in nodes:
            nodes = (*nodes, topology.node_of_meta)
        part = _Part(core, size.nodes, topology, plan, unsafe)
        runs = [self._read_node(part, node, deadline) for node in nodes]
        with span("round", authors=size.authors, parents=size.parents):
            results = await asyncio.gather(*runs) if len(runs) > 1 else [await runs[0]]
        self._take(part, dict(zip(nodes, results, strict=True)))

    async def _read_node(self, part: _Part, node: int, deadline: Deadline) -> NodeResult:
        """Replies of a node. Adds to unsafe the buckets that are found not to be filled."""
        try:
            try:
                return await self._read_once(part, node, deadline)
            except (NodeDisconnected, NodeChanged):  # a new connection or new marks may do
                if self._gate:
                    self._gate.doubt()
                if part.plan:
                    part.unsafe.update(await self._connections.left_out(part.plan, MarkKind.POSTS, deadline))
                return await self._read_once(part, node, deadline)
        except StoreUnavailable as failure:
            return failure

    async def _read_once(self, part: _Part, node: int, deadline: Deadline) -> NodeReplies:
        core, plan, topology = part.core, part.plan, part.topology
        if plan:

            def compose(fill: NodeFill) -> Commands | None:
                return core.commands(node, fill.readable(MarkKind.POSTS))

            return await self._connections.read_filled(plan, node, compose, deadline, as_bytes=core.takes_bytes)
        commands = (core.commands(node, None) if node in part.nodes else None) or _NO_COMMANDS
        is_last = self._reads_lineage(plan) and node == topology.node_of_meta
        # Behind the other commands, so that a store that was emptied between them is noticed.
        behind = (READ_LINEAGE,) if is_last else ()
        return await self._connections.read(
            topology.nodes[node], commands, deadline, as_bytes=core.takes_bytes, behind=behind
        )

    def _take(self, part: _Part, results: Mapping[int, NodeResult]) -> None:
        """Let the core take what came. StoreUnavailable when that is nothing."""
        failed = [result for result in results.values() if isinstance(result, StoreUnavailable)]
        is_cut = any(isinstance(failure, NodeChanged) for failure in failed)
        has_answers = False
        if self._reads_lineage(part.plan):
            failed += self._confirm_lineage(part, results[part.topology.node_of_meta])
        for node in part.nodes:
            result = results[node]
            if isinstance(result, StoreUnavailable):
                continue
            if result.replies is None:
                is_cut = True
                continue
            try:
                taken = part.core.take(node, result.replies, part.unsafe)
            except DamagedReply as damaged:
                self._connections.retire(part.topology.nodes[node])
                failed.append(damaged)
                continue
            has_answers |= taken.has_answers
            is_cut |= taken.is_cut
            failed += [StoreUnavailable(f"Redis: {error}") for error in taken.errors]
        if failed or is_cut:
            self._note_failures(failed, is_cut=is_cut, has_answers=has_answers)

    def _confirm_lineage(self, part: _Part, result: NodeResult) -> list[StoreUnavailable]:
        """Check the reply to READ_LINEAGE, if there is one; return the error that it is. StoreFilling."""
        if self._gate is None or isinstance(result, StoreUnavailable):
            return []
        [lineage] = result.others
        if isinstance(lineage, hiredis.ReplyError):
            part.core.partial = True
            return [StoreUnavailable(f"Redis: {lineage}")]
        self._gate.confirm(lineage)
        return []

    def _note_failures(self, failed: Sequence[StoreUnavailable], *, is_cut: bool, has_answers: bool) -> None:
        """Note why a part lacks something. StoreUnavailable when it lacks everything."""
        if not all(isinstance(failure, NodeTimeout) for failure in failed):
            self._connections.forget_topology()
        if not has_answers:
            raise self._nothing_read(failed, is_cut=is_cut)
        if failed:
            self._failures.partial(failed[0], time.monotonic())

    def _nothing_read(self, failed: Sequence[StoreUnavailable], *, is_cut: bool) -> StoreUnavailable:
        if is_cut:
            return self._gate.filling() if self._gate else StoreUnavailable("Redis is being filled")
        failure = StoreUnavailable(str(failed[0]))
        failure.__cause__ = failed[0]  # raised itself, it would refer to itself
        return failure

    def _reads_lineage(self, plan: FillPlan | None) -> bool:
        """Whether a part reads the lineage: marks speak of it already."""
        return self._gate is not None and plan is None

    def _map_of(self, topology: Topology) -> StoreMap:
        """The same map for the same topology."""
        if self._mapped is None or self._mapped[0] is not topology:
            self._mapped = topology, StoreMap(self._keys, topology.node_of_bucket)
        return self._mapped[1]
