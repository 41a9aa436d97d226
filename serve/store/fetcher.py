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
from serve.store.sessions import Compose, NodeChanged, NodeReplies, NodeTimeout, Sent
from serve.timeline.read_core import Commands, DamagedReply, ReadCore, StoreMap
from serve.timeline.read_plan import wire_bytes

_NO_COMMANDS = Commands(b"", 0, 0)

NodeResult = NodeReplies | StoreUnavailable

_ASKED_AGAIN = (NodeDisconnected, NodeChanged)
"""Failures after which a new connection, or new marks, may do."""


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
        with span("round", authors=size.authors, parents=size.parents):
            results = await self._read_nodes(part, nodes, deadline)
        self._take(part, results)

    async def _read_nodes(self, part: _Part, nodes: Sequence[int], deadline: Deadline) -> Mapping[int, NodeResult]:
        """Replies of the nodes: one task sends to all that are connected, and waits for all of them."""
        sent = {node: pipeline for node in nodes if (pipeline := self._send(part, node))}
        others = [node for node in nodes if node not in sent]
        if not others:
            return await self._receive(part, sent, deadline)
        reading = asyncio.gather(*(self._read_node(part, node, deadline) for node in others))
        received, read = await asyncio.gather(self._receive(part, sent, deadline), reading)
        return received | dict(zip(others, read, strict=True))

    async def _receive(self, part: _Part, sent: Mapping[int, Sent], deadline: Deadline) -> dict[int, NodeResult]:
        """Replies to what was sent; nodes for which a new connection or new marks may do are asked again."""
        received = await self._connections.receive([*sent.values()], deadline)
        results = dict(zip(sent, received, strict=True))
        changed = [node for node, result in results.items() if isinstance(result, _ASKED_AGAIN)]
        if changed:
            again = (self._read_again(part, node, deadline) for node in changed)
            results |= zip(changed, await asyncio.gather(*again), strict=True)
        return results

    async def _read_node(self, part: _Part, node: int, deadline: Deadline) -> NodeResult:
        """Replies of a node that may have to be connected, or asked for its marks, first."""
        try:
            return await self._read_once(part, node, deadline)
        except _ASKED_AGAIN:
            return await self._read_again(part, node, deadline)
        except StoreUnavailable as failure:
            return failure

    async def _read_again(self, part: _Part, node: int, deadline: Deadline) -> NodeResult:
        """Replies of a node that has changed. Adds to unsafe the buckets that are found not to be filled."""
        try:
            if self._gate:
                self._gate.doubt()
            if part.plan:
                part.unsafe.update(await self._connections.left_out(part.plan, MarkKind.POSTS, deadline))
            return await self._read_once(part, node, deadline)
        except StoreUnavailable as failure:
            return failure

    async def _read_once(self, part: _Part, node: int, deadline: Deadline) -> NodeReplies:
        as_bytes = part.core.takes_bytes
        if part.plan:
            compose = _composer(part, node)
            return await self._connections.read_filled(part.plan, node, compose, deadline, as_bytes=as_bytes)
        commands, behind = self._unfilled_commands(part, node)
        address = part.topology.nodes[node]
        return await self._connections.read(address, commands, deadline, as_bytes=as_bytes, behind=behind)

    def _send(self, part: _Part, node: int) -> Sent | None:
        """Send what _read_once() would, unless that takes waiting."""
        as_bytes = part.core.takes_bytes
        if part.plan:
            return self._connections.send_filled(part.plan, node, _composer(part, node), as_bytes=as_bytes)
        commands, behind = self._unfilled_commands(part, node)
        return self._connections.send(part.topology.nodes[node], commands, as_bytes=as_bytes, behind=behind)

    def _unfilled_commands(self, part: _Part, node: int) -> tuple[Commands, Sequence[bytes]]:
        """Commands for a node of a store without marks, and those behind them.

        The lineage is read last, so that a store that was emptied meanwhile is noticed.
        """
        commands = (part.core.commands(node, None) if node in part.nodes else None) or _NO_COMMANDS
        is_last = self._reads_lineage(part.plan) and node == part.topology.node_of_meta
        return commands, (READ_LINEAGE,) if is_last else ()

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


def _composer(part: _Part, node: int) -> Compose:
    """Composes the commands of the part for a node, as far as it is filled."""

    def compose(fill: NodeFill) -> Commands | None:
        return part.core.commands(node, fill.readable(MarkKind.POSTS))

    return compose
