"""Reads follow lists from Redis, over the connections that posts are read over."""

from typing import cast

from common.errors import StoreUnavailable
from common.store.commands import pack
from common.store.keys import KeySpace
from common.store.layout import READ_LINEAGE
from common.store.marks import MarkKind
from serve.deadline import NO_DEADLINE, Deadline
from serve.readiness.gate import StoreGate
from serve.store.nodes import FillPlan, NodeConnections


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
        members = await self._read(keys.bucket, command, deadline)
        return [int(member) for member in members]

    async def held(self, viewer_id: int, deadline: Deadline = NO_DEADLINE) -> int:
        """Number of authors the viewer follows. StoreUnavailable."""
        keys = self._keys.viewer(viewer_id)
        command = pack((b"ZCARD", keys.follows))
        return cast("int", await self._connections.run_in_bucket(keys.bucket, command, deadline))

    async def _read(self, bucket: int, command: bytes, deadline: Deadline) -> list[bytes]:
        if plan := self._connections.plan(MarkKind.FOLLOWS):
            return await self._read_filled(plan, bucket, command, deadline)
        members = cast("list[bytes]", await self._connections.run_in_bucket(bucket, command, deadline))
        if self._gate and not members:  # without follows no posts are fetched, which would notice that all are gone
            self._gate.confirm(await self._connections.run_in_bucket(None, READ_LINEAGE, deadline))
        return members

    async def _read_filled(self, plan: FillPlan, bucket: int, command: bytes, deadline: Deadline) -> list[bytes]:
        if self._gate:
            self._gate.confirm(plan.expected.lineage.encode())
        members = await self._connections.run_in_filled_bucket(bucket, command, MarkKind.FOLLOWS, deadline)
        if members is None:
            raise self._gate.filling() if self._gate else StoreUnavailable("Redis is being filled")
        return cast("list[bytes]", members)
