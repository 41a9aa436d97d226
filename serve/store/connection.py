"""One connection to a Redis server, shared by all requests: pipelines are sent as they come, replies match in order.

Replies of a caller that gave up are read and discarded, so a cancelled request does not cost others the connection.
A caller may want the first replies of a pipeline as the bytes that came: that takes a scanner in place of hiredis.
"""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import hiredis

from common.errors import StoreUnavailable
from common.store.address import Address, Node
from common.store.commands import pack
from common.store.node_client import tls_context
from serve.timeline.read_core import DamagedReply

Reply = Any
"""bytes, int, None, a list of these, or a hiredis.ReplyError."""


class NodeDisconnected(StoreUnavailable):
    """A connection was closed before all replies came."""


class PendingReplies:
    """The replies of one pipeline: sent by RespConnection.send(), received or lost later. For one event loop.

    raw_due: number of replies that are wanted as bytes; due: of those behind them, which are parsed.
    """

    def __init__(self, due: int, raw_due: int = 0) -> None:
        self.due = due
        self.raw_due = raw_due
        self.raw = b""
        self.received: list[Reply] = []
        self.loss: str | None = None
        self.has_ended = False
        self.countdown: _Countdown | None = None

    @property
    def is_complete(self) -> bool:
        """Whether all have come."""
        return len(self.received) == self.due and bool(self.raw or not self.raw_due)

    @property
    def first_error(self) -> str | None:
        """Text of the first reply if that is an error."""
        if self.raw_due:
            return self.raw[1 : self.raw.index(b"\r")].decode("utf-8", "replace") if self.raw[:1] == b"-" else None
        first = self.received[0] if self.received else None
        return str(first) if isinstance(first, hiredis.ReplyError) else None

    def end(self) -> None:
        """Note that all have come, or are lost, and wake the caller if it still waits."""
        self.has_ended = True
        if self.countdown is not None:
            self.countdown.one_ended()


class _Countdown:
    """Pipelines that have not ended, and a future for the caller that waits for all of them."""

    __slots__ = ("_missing", "over")

    def __init__(self, missing: int) -> None:
        self._missing = missing
        self.over = asyncio.get_running_loop().create_future()

    def one_ended(self) -> None:
        self._missing -= 1
        if not self._missing:
            self.stop()

    def stop(self) -> None:
        if not self.over.done():
            self.over.set_result(None)


async def all_ended(pipelines: Iterable[PendingReplies], seconds: float | None = None) -> bool:
    """Wait until all of them are received or lost, for these seconds at most; whether they are.

    One timer and one future serve any number of pipelines. Once cancelled, the caller may wait again.
    """
    waiting = [pending for pending in pipelines if not pending.has_ended]
    if not waiting:
        return True
    countdown = _Countdown(len(waiting))
    for pending in waiting:
        pending.countdown = countdown
    timer = None if seconds is None else asyncio.get_running_loop().call_later(seconds, countdown.stop)
    try:
        await countdown.over
    finally:
        if timer is not None:
            timer.cancel()
    return all(pending.has_ended for pending in waiting)


class ReplyReader(Protocol):
    """Takes the bytes of a connection, and gives pipelines their replies. It belongs to one connection."""

    def feed(self, received: bytes) -> None:
        """Take what came."""
        ...

    def give(self, pending: PendingReplies) -> bool:
        """Give a pipeline replies that have come; whether it has all of its own. DamagedReply."""
        ...


MakeReader = Callable[[], ReplyReader]
"""Makes the reader of a new connection."""


class ParsedReplies:
    """Parses all replies with hiredis; none can be had as bytes."""

    def __init__(self) -> None:
        self._parser = hiredis.Reader()

    def feed(self, received: bytes) -> None:
        """As ReplyReader."""
        self._parser.feed(received)

    def give(self, pending: PendingReplies) -> bool:
        """As ReplyReader."""
        received, due, next_reply = pending.received, pending.due, self._parser.gets
        try:
            while len(received) < due:
                reply = next_reply()
                if reply is False:
                    return False
                received.append(reply)
        except hiredis.ProtocolError as error:
            raise DamagedReply(str(error)) from error
        return True


class ReplyScanner(Protocol):
    """Finds where replies end."""

    def feed(self, received: bytes) -> None:
        """Take what came."""
        ...

    def take(self, due: int) -> bytes | None:
        """Bytes of the next replies, this number of them, once all have come. DamagedReply."""
        ...


class ScannedReplies:
    """Gives the first replies of a pipeline as bytes, and parses the others with hiredis."""

    def __init__(self, scanner: ReplyScanner) -> None:
        self._scanner = scanner
        self._parser = ParsedReplies()

    def feed(self, received: bytes) -> None:
        """As ReplyReader."""
        self._scanner.feed(received)

    def give(self, pending: PendingReplies) -> bool:
        """As ReplyReader."""
        if pending.raw_due and not pending.raw:
            pending.raw = self._scanner.take(pending.raw_due) or b""
        if (pending.raw_due and not pending.raw) or pending.is_complete:
            return pending.is_complete
        replies = self._scanner.take(pending.due)
        if replies is None:
            return False
        self._parser.feed(replies)
        return self._parser.give(pending)


class RespConnection(asyncio.Protocol):
    """Made by connect(). Not for more than one event loop."""

    def __init__(self, node: Node, reader: ReplyReader) -> None:
        self._node = node
        self._reader = reader
        self._waiting: deque[PendingReplies] = deque()
        self._progress_at = 0.0
        self._transport: asyncio.Transport | None = None
        self._is_retired = False

    @property
    def is_open(self) -> bool:
        """Whether commands should be sent."""
        return not self._is_retired and self._transport is not None and not self._transport.is_closing()

    def is_silent(self, seconds: float) -> bool:
        """Whether replies are due and nothing has come for longer: the server hangs, or the connection is half open.

        A server that is slow to answer much is not silent: the connection belongs to all who wait.
        """
        return bool(self._waiting) and time.monotonic() - self._progress_at > seconds

    def send(self, packed: bytes, pending: PendingReplies) -> None:
        """Send packed commands, whose replies are given to `pending`. NodeDisconnected."""
        if self._transport is None or self._transport.is_closing():
            raise self._lost("the connection is closed")
        if not self._waiting:
            self._progress_at = time.monotonic()
        self._waiting.append(pending)
        self._transport.write(packed)

    def replies_to(self, pending: PendingReplies) -> list[Reply]:
        """Those replies of a pipeline that has ended that are parsed. NodeDisconnected."""
        if pending.loss is not None:
            raise self._lost(pending.loss)  # an exception of its own: one kept in `pending` would refer to itself
        return pending.received

    async def run(self, packed: bytes, replies: int) -> list[Reply]:
        """Send packed commands, return their replies, this number of them, parsed. NodeDisconnected."""
        pending = PendingReplies(replies)
        self.send(packed, pending)
        await all_ended((pending,))
        return self.replies_to(pending)

    def retire(self, seconds: float) -> None:
        """Close once the pipelines that wait have their replies, at the latest after these seconds."""
        self._is_retired = True
        if self._waiting:
            asyncio.get_running_loop().call_later(seconds, self.close)
        else:
            self.close()

    def close(self) -> None:
        """Close; pipelines that wait for replies fail."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 (a stream transport, by create_connection)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self._transport = None
        for pending in self._waiting:
            pending.loss = str(exc or "closed by the server")
            pending.end()
        self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        self._reader.feed(data)
        self._progress_at = time.monotonic()
        try:
            while self._waiting and self._reader.give(self._waiting[0]):
                self._waiting.popleft().end()
        except DamagedReply:
            self.close()
        if self._is_retired and not self._waiting:
            self.close()

    def _lost(self, cause: str) -> NodeDisconnected:
        return NodeDisconnected(f"Redis {self._node}: {cause}")


async def connect(
    address: Address, node: Node, timeout: float, make_reader: MakeReader = ParsedReplies
) -> RespConnection:
    """Connect to a node with the credentials of the address. StoreUnavailable after at most timeout seconds."""
    connection, is_ready = RespConnection(node, make_reader()), False
    try:
        tls = tls_context(address.tls) if address.tls and node.port else None
        async with asyncio.timeout(timeout):
            await _open(connection, node, tls)
            await _greet(connection, address)
    except (OSError, TimeoutError, hiredis.ReplyError) as error:
        raise StoreUnavailable(f"Redis {node}: {error or 'does not answer'}") from error
    else:
        is_ready = True
        return connection
    finally:
        if not is_ready:  # cancelled or failed half-way
            connection.close()


async def _open(connection: RespConnection, node: Node, tls: ssl.SSLContext | None) -> None:
    loop = asyncio.get_running_loop()
    if node.port:
        await loop.create_connection(lambda: connection, node.host, node.port, ssl=tls)
    else:
        await loop.create_unix_connection(lambda: connection, node.host)


async def _greet(connection: RespConnection, address: Address) -> None:
    select = ("SELECT", str(address.database)) if address.database else ()
    commands = [pack([word.encode() for word in words]) for words in (address.login.words, select) if words]
    if commands:
        for reply in await connection.run(b"".join(commands), len(commands)):
            if isinstance(reply, hiredis.ReplyError):
                raise reply
    if address.naming:  # a refusal is no harm: a user may lack the right
        await connection.run(pack([word.encode() for word in address.naming]), 1)
