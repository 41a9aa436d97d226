"""Connections to the nodes of one Redis or a Redis Cluster, one per node, shared by everything that serving reads.

The topology and the connections are renewed after a failure, and when the address leads to another server.
"""

import asyncio
import time
from collections.abc import Collection
from typing import NamedTuple

import hiredis

from common.errors import StoreUnavailable
from common.store.address import Node, parse_address
from common.store.client import ADDRESS_CHECK_SECONDS
from common.store.commands import pack
from common.store.keys import META
from common.store.topology import Topology, TopologyReader
from serve.deadline import NO_DEADLINE, Deadline
from serve.store.connection import PendingReplies, Reply, RespConnection, connect

_ASKING = pack((b"ASKING",))
_DESCRIBE = b"".join((pack((b"INFO", b"server")), pack((b"INFO", b"replication"))))
_READ_META = pack((b"HGETALL", META))


_UNUSABLE = ("READONLY", "MASTERDOWN", "LOADING", "NOAUTH")
"""Errors of a server that no longer serves this connection, though the address may lead to one that does."""


class _Server(NamedTuple):
    """A server as it describes itself."""

    run_id: str
    is_replica: bool


class NodeTimeout(StoreUnavailable):
    """A node did not answer in time. That says nothing about where the buckets are."""


class NodeConnections:
    """For one event loop. timeout_seconds: limit of each step, besides the deadline of the request."""

    def __init__(self, url: str, buckets: int, timeout_seconds: float) -> None:
        self._address = parse_address(url)
        self._reader = TopologyReader(self._address, buckets, timeout_seconds)
        self._timeout = timeout_seconds
        self._topology: Topology | None = None
        self._address_checked_at = time.monotonic()
        self._connections: dict[Node, RespConnection] = {}
        self._connecting = asyncio.Lock()

    async def topology(self, deadline: Deadline) -> Topology:
        """The nodes and their buckets. StoreUnavailable."""
        return self._topology or await self._read_topology(self._limit(deadline))

    def forget_topology(self) -> None:
        """Read the topology again before the next use: a bucket was not where it should be, or a node is away."""
        self._topology = None

    async def run(self, node: Node, packed: bytes, replies: int, deadline: Deadline) -> list[Reply]:
        """Send packed commands to a node, return this number of replies, error replies among them.

        StoreUnavailable, NodeTimeout. A cancelled caller waits until its replies are in, for the timeout at most: so it
        keeps its place among the requests that Redis works for, however many come and go.
        """
        limit, pending = self._limit(deadline), PendingReplies(replies)
        try:
            async with asyncio.timeout(limit):
                connection = await self._connection(node)
                received = await connection.run(packed, pending)
        except TimeoutError as error:
            raise NodeTimeout(f"Redis {node}: no answer in time") from error
        except asyncio.CancelledError:
            await pending.wait_if_sent(self._timeout)
            raise
        if isinstance(received[0], hiredis.ReplyError) and str(received[0]).startswith(_UNUSABLE):
            connection.retire(self._timeout)
        return received

    async def run_in_bucket(self, bucket: int | None, packed: bytes, deadline: Deadline = NO_DEADLINE) -> Reply:
        """Send one packed command for a key of the bucket, return its reply. StoreUnavailable, NodeTimeout.

        bucket: None for the store's own keys. Tried once more, with a new topology, when the bucket has moved or the
        connection was lost.
        """
        topology = await self.topology(deadline)
        try:
            return await self._run_in(topology, bucket, packed, deadline)
        except NodeTimeout:
            raise
        except StoreUnavailable:
            self.forget_topology()
        return await self._run_in(await self.topology(deadline), bucket, packed, deadline)

    async def check(self) -> StoreUnavailable | None:
        """Ask every node over the connections that requests use; returns the failure, None when all answer.

        Connects requests to another server when theirs was demoted or failed, and the address leads to that one.
        """
        failure = await self._check_once()
        return failure and await self._check_once()  # once more: the meta keys may have moved to another node

    async def _check_once(self) -> StoreUnavailable | None:
        try:
            topology = await self.topology(NO_DEADLINE)
        except StoreUnavailable as failure:
            return failure
        meta = topology.nodes[topology.node_of_meta]
        found = await asyncio.gather(*(self._describe(node, with_meta=node is meta) for node in topology.nodes))
        failed = [described for described in found if isinstance(described, StoreUnavailable)]
        run_ids = {described.run_id for described in found if isinstance(described, _Server)}
        is_demoted = any(isinstance(described, _Server) and described.is_replica for described in found)
        if failed or is_demoted or time.monotonic() - self._address_checked_at > ADDRESS_CHECK_SECONDS:
            await self._check_address(run_ids)
        return failed[0] if failed else None

    def close(self) -> None:
        """Close all connections."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    async def _describe(self, node: Node, *, with_meta: bool) -> "_Server | StoreUnavailable":
        packed, count = (_DESCRIBE + _READ_META, 3) if with_meta else (_DESCRIBE, 2)
        try:
            server, replication, *others = await self.run(node, packed, count, NO_DEADLINE)
        except StoreUnavailable as failure:
            return failure
        for reply in (server, replication, *others):
            if isinstance(reply, hiredis.ReplyError):
                return StoreUnavailable(f"Redis {node}: {reply}")
        return _Server(_field(server, b"run_id"), _field(replication, b"role") == "slave")

    async def _check_address(self, run_ids: Collection[str]) -> None:
        """Take the topology that the address leads to now. Requests in flight keep their connections until answered."""
        self._address_checked_at = time.monotonic()
        try:
            found = await asyncio.to_thread(self._reader.read)
        except StoreUnavailable:
            return  # what is connected may well answer
        is_another = bool(found.run_id) and found.run_id not in run_ids
        for node in [*self._connections]:
            if is_another or node not in found.nodes:
                self._connections.pop(node).retire(self._timeout)
        self._topology = found

    async def _run_in(self, topology: Topology, bucket: int | None, packed: bytes, deadline: Deadline) -> Reply:
        node = topology.nodes[topology.node_of_meta if bucket is None else topology.node_of_bucket[bucket]]
        reply, *_ = await self.run(node, packed, 1, deadline)
        if target := _migration_target(node, reply):
            _, reply = await self.run(target, _ASKING + packed, 2, deadline)
        if isinstance(reply, hiredis.ReplyError):
            raise StoreUnavailable(f"Redis {node}: {reply}")
        return reply

    def _limit(self, deadline: Deadline) -> float:
        remaining = deadline.remaining(time.monotonic())
        return self._timeout if remaining is None else min(remaining, self._timeout)

    async def _connection(self, node: Node) -> RespConnection:
        connection = self._connections.get(node)
        if connection is not None and connection.is_open and not connection.is_silent(self._timeout):
            return connection
        async with self._connecting:
            renewed = self._connections.get(node)
            if renewed is not None and renewed is not connection:
                return renewed
            if connection is not None:
                connection.close()
            self._connections[node] = connected = await connect(self._address, node, self._timeout)
            return connected

    async def _read_topology(self, limit: float) -> Topology:
        try:
            async with asyncio.timeout(limit), self._connecting:
                if self._topology is None:
                    self._topology = await asyncio.to_thread(self._reader.read)
                return self._topology
        except TimeoutError as error:
            raise StoreUnavailable(f"Redis does not answer within {limit:g} s") from error


def _migration_target(node: Node, reply: Reply) -> Node | None:
    """The node that an error reply ASK names: the slot is migrating, and the key is there already."""
    if not (isinstance(reply, hiredis.ReplyError) and str(reply).startswith("ASK ")):
        return None
    host, _, port = str(reply).split()[2].rpartition(":")
    return Node(host or node.host, int(port))


def _field(info: Reply, name: bytes) -> str:
    """Value of a line of INFO; empty when there is none."""
    lines = (line.partition(b":") for line in bytes(info).splitlines())
    return next((value.decode() for found, _, value in lines if found == name), "")
