"""Reads follow lists from Redis, over the connections that posts are read over."""

from typing import cast

from common.store.commands import pack
from common.store.keys import KeySpace
from common.store.layout import READ_LINEAGE
from serve.deadline import NO_DEADLINE, Deadline
from serve.readiness.gate import StoreGate
from serve.store.nodes import NodeConnections


class RedisFollows:
    """Follow lists in one Redis or a Redis Cluster: a sorted set per viewer, members are ids in decimal.

    gate: None when any lineage may be read.
    """

    def __init__(self, connections: NodeConnections, keys: KeySpace, gate: StoreGate | None = None) -> None:
        self._connections = connections
        self._keys = keys
        self._gate = gate

    async def following(self, viewer_id: int, limit: int, deadline: Deadline = NO_DEADLINE) -> list[int]:
        """Ids of the authors the viewer follows, newest follow first, limit at most. StoreUnavailable."""
        if self._gate:
            self._gate.check()
        keys = self._keys.viewer(viewer_id)
        command = pack((b"ZREVRANGE", keys.follows, b"0", b"%d" % (limit - 1)))
        members = cast("list[bytes]", await self._connections.run_in_bucket(keys.bucket, command, deadline))
        if self._gate and not members:  # without follows no posts are fetched, which would notice that all are gone
            self._gate.confirm(await self._connections.run_in_bucket(None, READ_LINEAGE, deadline))
        return [int(member) for member in members]
