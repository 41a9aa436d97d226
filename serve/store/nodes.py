"""Connections to the nodes of one Redis or a Redis Cluster, one per node, shared by everything that serving reads.

The topology and the connections are renewed after a failure.
"""

import asyncio
import time

import hiredis

from common.errors import StoreUnavailable
from common.store.commands import pack
from common.store.topology import Node, Topology, read_topology
from serve.deadline import NO_DEADLINE, Deadline
from serve.store.connection import PendingReplies, Reply, RespConnection, connect

_ASKING = pack((b"ASKING",))


class NodeTimeout(StoreUnavailable):
    """A node did not answer in time. That says nothing about where the buckets are."""


class NodeConnections:
    """For one event loop. timeout_seconds: limit of each step, besides the deadline of the request."""

    def __init__(self, url: str, buckets: int, timeout_seconds: float) -> None:
        self._url = url
        self._buckets = buckets
        self._timeout = timeout_seconds
        self._topology: Topology | None = None
        self._known: tuple[Node, ...] = ()
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
                return await connection.run(packed, pending)
        except TimeoutError as error:
            raise NodeTimeout(f"Redis {node.host}:{node.port}: no answer in time") from error
        except asyncio.CancelledError:
            await pending.wait_if_sent(self._timeout)
            raise

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

    def close(self) -> None:
        """Close all connections."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    async def _run_in(self, topology: Topology, bucket: int | None, packed: bytes, deadline: Deadline) -> Reply:
        node = topology.nodes[topology.node_of_meta if bucket is None else topology.node_of_bucket[bucket]]
        reply, *_ = await self.run(node, packed, 1, deadline)
        if target := _migration_target(node, reply):
            _, reply = await self.run(target, _ASKING + packed, 2, deadline)
        if isinstance(reply, hiredis.ReplyError):
            raise StoreUnavailable(f"Redis {node.host}:{node.port}: {reply}")
        return reply

    def _limit(self, deadline: Deadline) -> float:
        remaining = deadline.remaining(time.monotonic())
        return self._timeout if remaining is None else min(remaining, self._timeout)

    async def _connection(self, node: Node) -> RespConnection:
        connection = self._connections.get(node)
        if connection is not None and connection.is_open and not connection.is_silent(self._timeout):
            return connection
        async with self._connecting:
            if self._connections.get(node) is connection:  # not renewed meanwhile
                if connection is not None:
                    connection.close()
                self._connections[node] = await connect(self._url, node, self._timeout)
            return self._connections[node]

    async def _read_topology(self, limit: float) -> Topology:
        try:
            async with asyncio.timeout(limit), self._connecting:
                if self._topology is None:
                    self._topology = await asyncio.to_thread(
                        read_topology, self._url, self._known, self._buckets, self._timeout
                    )
                    self._known = self._topology.nodes
                return self._topology
        except TimeoutError as error:
            raise StoreUnavailable(f"Redis does not answer within {limit:g} s") from error


def _migration_target(node: Node, reply: Reply) -> Node | None:
    """The node that an error reply ASK names: the slot is migrating, and the key is there already."""
    if not (isinstance(reply, hiredis.ReplyError) and str(reply).startswith("ASK ")):
        return None
    host, _, port = str(reply).split()[2].rpartition(":")
    return Node(host or node.host, int(port))
