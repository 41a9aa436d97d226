"""Connections to nodes, one each, shared by all requests, with what each node has said over it of how far it is filled.

What was said over another connection does not count: the node may have lost data before this one was opened.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, cast

from common.errors import StoreUnavailable
from common.store.address import Address, Node
from common.store.marks import READ_REPLICATION_INFO, read_marks_id
from serve.deadline import NO_DEADLINE, Deadline
from serve.overload.slot import current_slot
from serve.store.connection import (
    MakeReader,
    ParsedReplies,
    PendingReplies,
    Reply,
    RespConnection,
    all_ended,
    connect,
)
from serve.store.node_fill import FillJudge, NodeFill, WantedFill, check_commands
from serve.timeline.read_core import Commands, Replies

_UNUSABLE = ("READONLY", "MASTERDOWN", "LOADING", "NOAUTH")
"""Errors of a server that no longer serves this connection, though the address may lead to one that does."""


class NodeTimeout(StoreUnavailable):
    """A node did not answer in time. That says nothing about where the buckets are."""


class NodeChanged(StoreUnavailable):
    """A node is not as it was when its marks were read: its replies are not used. They are read again at once."""


Compose = Callable[[NodeFill], Commands | None]
"""Packs what may be read of a node; None for nothing."""


class NodeReplies(NamedTuple):
    """Replies to commands, parsed or as bytes (None: none were sent), and to what was sent behind them, parsed."""

    replies: Replies | None
    others: Sequence[Reply]


class NodeSession:
    """A connection, and how far the node is filled, once that was read over it."""

    def __init__(self, connection: RespConnection) -> None:
        self.connection = connection
        self.fill: NodeFill | None = None


class Sent(NamedTuple):
    """A pipeline on its way to a node.

    parsed: the number of its replies that belong to the commands and are parsed; the others are to what was sent behind
    them. fill: what the commands rely on, which the replies behind them must confirm for this bucket; None for nothing.
    """

    node: Node
    session: NodeSession
    pending: PendingReplies
    parsed: int
    bucket: int
    fill: NodeFill | None


class NodeSessions:
    """For one event loop. timeout_seconds: limit of each step, besides the deadline of the request."""

    def __init__(self, address: Address, timeout_seconds: float, make_reader: MakeReader = ParsedReplies) -> None:
        self._address = address
        self._make_reader = make_reader
        self._timeout = timeout_seconds
        self._sessions: dict[Node, NodeSession] = {}
        self._opening: defaultdict[Node, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._doubtful: set[Node] = set()

    async def run(self, node: Node, packed: bytes, replies: int, deadline: Deadline) -> list[Reply]:
        """Send packed commands to a node, return this number of replies, error replies among them.

        StoreUnavailable, NodeTimeout. A request that is cancelled or overdue keeps its slot until its replies are in,
        for the timeout at most: so it counts among the requests that Redis works for, however many come and go.
        """
        found = await self.read(node, Commands(packed, replies, 0), deadline, as_bytes=False)
        return cast("list[Reply]", found.replies)

    async def read(
        self, node: Node, commands: Commands, deadline: Deadline, *, as_bytes: bool, behind: Sequence[bytes] = ()
    ) -> NodeReplies:
        """Do as run() with these commands, and with others behind them."""
        session = await self._connected(node, self._limit(deadline))
        return await self._received(self._send(node, session, commands, as_bytes=as_bytes, behind=behind), deadline)

    async def read_filled(
        self, node: Node, wanted: WantedFill, compose: Compose, deadline: Deadline, *, as_bytes: bool
    ) -> NodeReplies:
        """Do as read() with what compose makes of the buckets that may be read, unless it makes nothing.

        NodeChanged when checks behind these commands show that this no longer held.
        """
        session, fill = await self._filled(node, wanted, self._limit(deadline))
        if (commands := compose(fill)) is None:
            return NodeReplies(None, ())
        return await self._received(self._send_filled(node, session, fill, commands, as_bytes=as_bytes), deadline)

    def send(self, node: Node, commands: Commands, *, as_bytes: bool, behind: Sequence[bytes] = ()) -> Sent | None:
        """Send what read() would; None when that takes waiting, because the node is not connected."""
        session = self._usable(node)
        return session and self._send(node, session, commands, as_bytes=as_bytes, behind=behind)

    def send_filled(self, node: Node, wanted: WantedFill, compose: Compose, *, as_bytes: bool) -> Sent | None:
        """Send what read_filled() would; None when that is nothing, or takes waiting for its marks."""
        session = self._usable(node)
        if session is None or (fill := session.fill) is None or fill.wanted is not wanted:
            return None
        commands = compose(fill)
        return commands and self._send_filled(node, session, fill, commands, as_bytes=as_bytes)

    async def receive(self, sent: Sequence[Sent], deadline: Deadline) -> list[NodeReplies | StoreUnavailable]:
        """Wait for all of them, and return what read() or read_filled() would return or raise for each."""
        await self._wait(sent, deadline)
        return [self._outcome(each) for each in sent]

    async def read_fill(self, node: Node, wanted: WantedFill) -> NodeFill:
        """The state of the node now; its marks are read again when they may have changed. StoreUnavailable."""
        session, fill = await self._filled(node, wanted, None)
        if fill.gaps or not await self._is_unchanged(node, session, fill):
            _, fill = await self._filled(node, wanted, None, outdated=fill)
        return fill

    def current_fill(self, node: Node, wanted: WantedFill) -> NodeFill | None:
        """The state of the node, if it was read over the present connection."""
        session = self._usable(node)
        return session.fill if session and session.fill and session.fill.wanted is wanted else None

    async def known_fill(self, node: Node, wanted: WantedFill, deadline: Deadline) -> NodeFill | None:
        """The state of the node as it is known; it is read first when any node has changed since.

        None for a node that is not connected or does not answer: nothing is written to it either.
        """
        if fill := self.current_fill(node, wanted):
            return fill
        if node not in self._doubtful and self._usable(node) is None:
            return None
        try:
            _, fill = await self._filled(node, wanted, self._limit(deadline))
        except StoreUnavailable:
            fill = None
        self._doubtful.discard(node)
        return fill

    def retire(self, nodes: Collection[Node]) -> None:
        """Close the connections to these nodes once the requests in flight are answered."""
        for node in nodes:
            if session := self._sessions.pop(node, None):
                session.connection.retire(self._timeout)

    @property
    def nodes(self) -> Collection[Node]:
        """The nodes that were connected."""
        return self._sessions.keys()

    def close(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            session.connection.close()
        self._sessions.clear()

    def _doubt_all(self) -> None:
        """A worker changes the ids of all nodes before it replays what one of them has lost."""
        for session in self._sessions.values():
            session.fill = None
        self._doubtful.update(self._sessions)

    def _send_filled(
        self, node: Node, session: NodeSession, fill: NodeFill, commands: Commands, *, as_bytes: bool
    ) -> Sent:
        sent = self._send(node, session, commands, as_bytes=as_bytes, behind=check_commands(commands.bucket))
        return sent._replace(fill=fill)

    def _send(
        self, node: Node, session: NodeSession, commands: Commands, *, as_bytes: bool, behind: Sequence[bytes]
    ) -> Sent:
        raw, parsed = (commands.replies, 0) if as_bytes else (0, commands.replies)
        pending = PendingReplies(parsed + len(behind), raw)
        session.connection.send(b"".join((commands.packed, *behind)), pending)
        return Sent(node, session, pending, parsed, commands.bucket, None)

    async def _received(self, sent: Sent, deadline: Deadline) -> NodeReplies:
        await self._wait((sent,), deadline)
        return self._replies(sent)

    async def _wait(self, sent: Sequence[Sent], deadline: Deadline) -> None:
        """Wait until all are answered, until the deadline. The slot is held until then, and until they are."""
        pipelines = [each.pending for each in sent]
        try:
            is_over = await all_ended(pipelines, self._limit(deadline))
        except asyncio.CancelledError:
            await all_ended(pipelines, self._timeout)
            raise
        if not is_over and (slot := current_slot.get()):
            slot.hold_until(all_ended(pipelines, self._timeout))

    def _outcome(self, sent: Sent) -> NodeReplies | StoreUnavailable:
        try:
            return self._replies(sent)
        except StoreUnavailable as failure:
            return failure

    def _replies(self, sent: Sent) -> NodeReplies:
        pending, connection, fill = sent.pending, sent.session.connection, sent.fill
        if not pending.has_ended:
            raise NodeTimeout(f"Redis {sent.node}: no answer in time")
        received = connection.replies_to(pending)
        if (error := pending.first_error) and error.startswith(_UNUSABLE):
            connection.retire(self._timeout)
        replies, others = pending.raw if pending.raw_due else received[: sent.parsed], received[sent.parsed :]
        if fill and not fill.is_confirmed(sent.bucket, *others):
            if sent.session.fill is fill:
                self._doubt_all()
            raise NodeChanged(f"Redis {sent.node} is not as it was when its marks were read")
        return NodeReplies(replies, others)

    async def _connected(self, node: Node, limit: float) -> NodeSession:
        session = self._usable(node)
        if session is not None:
            return session
        try:
            async with asyncio.timeout(limit), self._opening[node]:
                return await self._connect(node)
        except TimeoutError as error:
            raise NodeTimeout(f"Redis {node}: no answer in time") from error

    async def _filled(
        self, node: Node, wanted: WantedFill, limit: float | None, outdated: NodeFill | None = None
    ) -> tuple[NodeSession, NodeFill]:
        session = self._usable(node)
        if session is not None and (fill := session.fill) and fill.wanted is wanted and fill is not outdated:
            return session, fill
        try:
            async with asyncio.timeout(limit), self._opening[node]:
                session = await self._connect(node)
                fill = session.fill
                if fill is None or fill.wanted is not wanted or fill is outdated:
                    fill = session.fill = await self._read_fill(session.connection, wanted)
                return session, fill
        except TimeoutError as error:
            raise NodeTimeout(f"Redis {node}: no answer in time") from error

    def _usable(self, node: Node) -> NodeSession | None:
        session = self._sessions.get(node)
        if session is None or not session.connection.is_open or session.connection.is_silent(self._timeout):
            return None
        return session

    async def _connect(self, node: Node) -> NodeSession:
        """The connection that another caller has opened meanwhile, or a new one."""
        if session := self._usable(node):
            return session
        if former := self._sessions.pop(node, None):
            former.connection.close()
        connection = await connect(self._address, node, self._timeout, self._make_reader)
        session = self._sessions[node] = NodeSession(connection)
        return session

    async def _read_fill(self, connection: RespConnection, wanted: WantedFill) -> NodeFill:
        judge = FillJudge(wanted, await self._ask(connection, *wanted.tenure_commands()))
        for buckets, packed in wanted.marks_commands():
            judge.add(buckets, await self._ask(connection, packed, len(buckets)))
        return judge.result()

    async def _is_unchanged(self, node: Node, session: NodeSession, fill: NodeFill) -> bool:
        buckets = fill.wanted.buckets
        packed = b"".join((*map(read_marks_id, buckets), READ_REPLICATION_INFO))
        sent = self._send(node, session, Commands(packed, len(buckets) + 1, 0), as_bytes=False, behind=())
        *ids, replication = cast("list[Reply]", (await self._received(sent, NO_DEADLINE)).replies)
        return ids == [fill.ids[bucket] for bucket in buckets] and fill.has_history(replication)

    async def _ask(self, connection: RespConnection, packed: bytes, replies: int) -> list[Reply]:
        async with asyncio.timeout(self._timeout):
            return await connection.run(packed, replies)

    def _limit(self, deadline: Deadline) -> float:
        remaining = deadline.remaining(time.monotonic())
        return self._timeout if remaining is None else min(remaining, self._timeout)
