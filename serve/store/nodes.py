"""The nodes of one Redis or a Redis Cluster, and what may be read of each.

The topology is read again after a failure, and when the address leads to another server. check(), called twice a
second, finds out which marks the store must have and how far each node is filled.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import NamedTuple, TypeVar

import hiredis

from common.errors import StoreUnavailable
from common.store.address import Node, parse_address
from common.store.client import ADDRESS_CHECK_SECONDS
from common.store.commands import pack
from common.store.keys import META
from common.store.marks import READ_REPLICATION_INFO, READ_SERVER_INFO, MarkKind, tenure_of
from common.store.topology import Topology, TopologyReader
from serve.deadline import NO_DEADLINE, Deadline
from serve.store.connection import MakeReader, ParsedReplies, Reply
from serve.store.node_fill import ExpectedMarks, Gap, NodeFill, WantedFill
from serve.store.sessions import Compose, NodeChanged, NodeReplies, NodeSessions, NodeTimeout, Sent
from serve.timeline.read_core import Commands

_ASKING = pack((b"ASKING",))
_DESCRIBE = READ_SERVER_INFO + READ_REPLICATION_INFO
_READ_META = pack((b"HGETALL", META))

ExpectMarks = Callable[[Mapping[bytes, bytes], ExpectedMarks | None], ExpectedMarks | None]
"""Takes the meta hash of a store and what was expected so far, and returns the marks that its buckets must have."""

T = TypeVar("T")


class _Server(NamedTuple):
    """A server as it describes itself. meta: the meta hash, if it was asked for."""

    run_id: str
    is_replica: bool
    meta: Mapping[bytes, bytes] | None


class FillPlan(NamedTuple):
    """Nodes of a topology, and the marks that must be known of each before its buckets are read."""

    topology: Topology
    expected: ExpectedMarks
    wanted: Sequence[WantedFill]


class NodeConnections:
    """For one event loop. timeout_seconds: limit of each step, besides the deadline of the request.

    fills: how far the nodes that answered the last check are filled; empty for a store without marks.
    """

    def __init__(
        self,
        url: str,
        buckets: int,
        timeout_seconds: float,
        expect: ExpectMarks = lambda meta, former: None,
        make_reader: MakeReader = ParsedReplies,
    ) -> None:
        address = parse_address(url)
        self._reader = TopologyReader(address, buckets, timeout_seconds)
        self._timeout = timeout_seconds
        self._topology: Topology | None = None
        self._latest: Topology | None = None
        self._reading = asyncio.Lock()
        self._address_checked_at = time.monotonic()
        self._sessions = NodeSessions(address, timeout_seconds, make_reader)
        self._expect = expect
        self._plan: FillPlan | None = None
        self.fills: Mapping[Node, NodeFill] = {}

    async def topology(self, deadline: Deadline) -> Topology:
        """The nodes and their buckets. StoreUnavailable."""
        return self._topology or await self._read_topology(self._limit(deadline))

    def forget_topology(self) -> None:
        """Read the topology again before the next use: a bucket was not where it should be, or a node is away."""
        self._topology = None

    def plan(self, kind: MarkKind) -> FillPlan | None:
        """The plan for reading buckets for this kind; None when the store has no marks of it."""
        return self._plan if self._plan and self._plan.expected.fields[kind] else None

    async def run(self, node: Node, packed: bytes, replies: int, deadline: Deadline) -> list[Reply]:
        """Send packed commands to a node without regard to its marks. As NodeSessions.run()."""
        return await self._sessions.run(node, packed, replies, deadline)

    async def read(
        self, node: Node, commands: Commands, deadline: Deadline, *, as_bytes: bool, behind: Sequence[bytes] = ()
    ) -> NodeReplies:
        """Do as run(). As NodeSessions.read()."""
        return await self._sessions.read(node, commands, deadline, as_bytes=as_bytes, behind=behind)

    async def read_filled(
        self, plan: FillPlan, node: int, compose: Compose, deadline: Deadline, *, as_bytes: bool = False
    ) -> NodeReplies:
        """Read what may be read of a node of the plan. As NodeSessions.read_filled(); NodeChanged for a former plan."""
        if plan is not self._plan:
            raise NodeChanged("Buckets have moved, or there are more partitions to expect marks of")
        wanted = plan.wanted[node]
        try:
            return await self._sessions.read_filled(
                plan.topology.nodes[node], wanted, compose, deadline, as_bytes=as_bytes
            )
        except NodeChanged:
            self.forget_topology()  # its buckets may be elsewhere
            raise

    def send(self, node: Node, commands: Commands, *, as_bytes: bool, behind: Sequence[bytes] = ()) -> Sent | None:
        """Send what read() would. As NodeSessions.send()."""
        return self._sessions.send(node, commands, as_bytes=as_bytes, behind=behind)

    def send_filled(self, plan: FillPlan, node: int, compose: Compose, *, as_bytes: bool) -> Sent | None:
        """Send what read_filled() would. As NodeSessions.send_filled(); None for a former plan."""
        if plan is not self._plan:
            return None
        return self._sessions.send_filled(plan.topology.nodes[node], plan.wanted[node], compose, as_bytes=as_bytes)

    async def receive(self, sent: Sequence[Sent], deadline: Deadline) -> list[NodeReplies | StoreUnavailable]:
        """Wait for all of them. As NodeSessions.receive()."""
        found = await self._sessions.receive(sent, deadline)
        if any(isinstance(each, NodeChanged) for each in found):
            self.forget_topology()  # buckets may be elsewhere
        return found

    def retire(self, node: Node) -> None:
        """Open a new connection to this node for what comes; requests in flight keep the former one."""
        self._sessions.retire([node])

    async def left_out(self, plan: FillPlan, kind: MarkKind, deadline: Deadline) -> frozenset[int]:
        """Buckets that must not be read for this kind, on all nodes that answer."""
        left_out: set[int] = set()
        for node, wanted in zip(plan.topology.nodes, plan.wanted, strict=True):
            fill = self._sessions.current_fill(node, wanted)
            fill = fill or await self._sessions.known_fill(node, wanted, deadline)
            if fill:
                left_out |= fill.left_out(kind)
        return frozenset(left_out)

    async def run_in_bucket(self, bucket: int | None, packed: bytes, deadline: Deadline = NO_DEADLINE) -> Reply:
        """Send one packed command for a key of the bucket, return its reply. StoreUnavailable, NodeTimeout.

        bucket: None for the store's own keys. Tried once more, with a new topology, when the bucket has moved or the
        connection was lost.
        """
        return await self._retried(lambda topology: self._run_in(topology, bucket, packed, deadline), deadline)

    async def run_in_filled_bucket(
        self, bucket: int, packed: bytes, kind: MarkKind, deadline: Deadline = NO_DEADLINE
    ) -> Reply | None:
        """Do as run_in_bucket(), for a store with marks of this kind: None when the bucket must not be read."""
        composed = Commands(packed, 1, bucket)

        async def read(topology: Topology) -> Reply | None:
            if (plan := self.plan(kind)) is None:
                return None
            node = topology.node_of_bucket[bucket]
            found = await self.read_filled(
                plan, node, lambda fill: composed if bucket in fill.whole[kind] else None, deadline
            )
            if found.replies is None or _migration_target(topology.nodes[node], found.replies[0]):
                return None  # what has migrated already is confirmed when all has
            return _value(topology.nodes[node], found.replies[0])

        return await self._retried(read, deadline)

    async def check(self) -> StoreUnavailable | None:
        """Ask every node over the connections that requests use; returns the failure, None when all answer.

        Connects requests to another server when theirs was demoted or failed, and the address leads to that one. Then
        reads how far the nodes are filled.
        """
        failure = await self._check_once()
        failure = failure and await self._check_once()  # once more: the meta keys may have moved to another node
        await self._read_fills()
        return failure

    def close(self) -> None:
        """Close all connections."""
        self._sessions.close()

    async def _retried(self, read: Callable[[Topology], Awaitable[T]], deadline: Deadline) -> T:
        try:
            return await read(await self.topology(deadline))
        except NodeTimeout:
            raise
        except StoreUnavailable:
            self.forget_topology()
        return await read(await self.topology(deadline))

    async def _check_once(self) -> StoreUnavailable | None:
        try:
            topology = await self.topology(NO_DEADLINE)
        except StoreUnavailable as failure:
            return failure
        meta = topology.nodes[topology.node_of_meta]
        found = await asyncio.gather(*(self._describe(node, with_meta=node is meta) for node in topology.nodes))
        failed = [described for described in found if isinstance(described, StoreUnavailable)]
        servers = [described for described in found if isinstance(described, _Server)]
        for server in servers:
            if server.meta is not None:
                self._make_plan(self._expect(server.meta, self._plan and self._plan.expected))
        is_demoted = any(server.is_replica for server in servers)
        if failed or is_demoted or time.monotonic() - self._address_checked_at > ADDRESS_CHECK_SECONDS:
            await self._check_address({server.run_id for server in servers})
        return failed[0] if failed else None

    async def _describe(self, node: Node, *, with_meta: bool) -> "_Server | StoreUnavailable":
        packed, count = (_DESCRIBE + _READ_META, 3) if with_meta else (_DESCRIBE, 2)
        try:
            server, replication, *others = await self.run(node, packed, count, NO_DEADLINE)
        except StoreUnavailable as failure:
            return failure
        for reply in (server, replication, *others):
            if isinstance(reply, hiredis.ReplyError):
                return StoreUnavailable(f"Redis {node}: {reply}")
        meta = dict(zip(others[0][::2], others[0][1::2], strict=True)) if others else None
        tenure = tenure_of(server, replication)
        return _Server(tenure.run_id, not tenure.is_master, meta)

    async def _check_address(self, run_ids: Collection[str]) -> None:
        """Take the topology that the address leads to now. Requests in flight keep their connections until answered."""
        self._address_checked_at = time.monotonic()
        try:
            found = await asyncio.to_thread(self._reader.read)
        except StoreUnavailable:
            return  # what is connected may well answer
        is_another = bool(found.run_id) and found.run_id not in run_ids
        self._sessions.retire([node for node in self._sessions.nodes if is_another or node not in found.nodes])
        self._use(found)

    async def _read_fills(self) -> None:
        """Read how far the nodes are filled, as far as they answer."""
        wanted = dict(zip(self._plan.topology.nodes, self._plan.wanted, strict=True)) if self._plan else {}
        read = await asyncio.gather(*(self._read_fill(node, wanted_of_node) for node, wanted_of_node in wanted.items()))
        self.fills = {node: fill for node, fill in zip(wanted, read, strict=True) if fill}
        if any(Gap.UNREADABLE in fill.gaps for fill in self.fills.values()):
            self.forget_topology()  # its buckets may be elsewhere

    async def _read_fill(self, node: Node, wanted: WantedFill) -> NodeFill | None:
        try:
            return await self._sessions.read_fill(node, wanted)
        except StoreUnavailable:
            return None  # check() has returned why, or will

    def _use(self, topology: Topology) -> Topology:
        self._topology = self._latest if topology == self._latest and self._latest else topology
        if self._latest is not self._topology:
            self._latest = self._topology
            self._make_plan(self._plan and self._plan.expected)
        return self._topology

    def _make_plan(self, expected: ExpectedMarks | None) -> None:
        """Plan with the latest topology. What is known of a node stays known unless its buckets change."""
        former, topology = self._plan, self._latest
        if former and topology is former.topology and expected == former.expected:
            return
        if expected is None or topology is None:
            self._plan = None
            return
        known = dict(zip(former.topology.nodes, former.wanted, strict=True)) if former else {}
        wanted = [WantedFill(expected, buckets, not topology.run_id) for buckets in topology.buckets_of_nodes()]
        kept = [
            known[node] if known.get(node) == new else new for node, new in zip(topology.nodes, wanted, strict=True)
        ]
        self._plan = FillPlan(topology, expected, kept)

    async def _run_in(self, topology: Topology, bucket: int | None, packed: bytes, deadline: Deadline) -> Reply:
        node = topology.nodes[topology.node_of_meta if bucket is None else topology.node_of_bucket[bucket]]
        reply, *_ = await self.run(node, packed, 1, deadline)
        if target := _migration_target(node, reply):
            _, reply = await self.run(target, _ASKING + packed, 2, deadline)
        return _value(node, reply)

    def _limit(self, deadline: Deadline) -> float:
        remaining = deadline.remaining(time.monotonic())
        return self._timeout if remaining is None else min(remaining, self._timeout)

    async def _read_topology(self, limit: float) -> Topology:
        try:
            async with asyncio.timeout(limit), self._reading:
                return self._topology or self._use(await asyncio.to_thread(self._reader.read))
        except TimeoutError as error:
            raise StoreUnavailable(f"Redis does not answer within {limit:g} s") from error


def _migration_target(node: Node, reply: Reply) -> Node | None:
    """The node that an error reply ASK names: the slot is migrating, and the key is there already."""
    if not (isinstance(reply, hiredis.ReplyError) and str(reply).startswith("ASK ")):
        return None
    host, _, port = str(reply).split()[2].rpartition(":")
    return Node(host or node.host, int(port))


def _value(node: Node, reply: Reply) -> Reply:
    if isinstance(reply, hiredis.ReplyError):
        raise StoreUnavailable(f"Redis {node}: {reply}")
    return reply
