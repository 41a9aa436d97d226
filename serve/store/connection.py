"""One connection to a Redis server, shared by all requests: pipelines are sent as they come, replies match in order.

Replies of a caller that gave up are read and discarded, so a cancelled request does not cost others the connection.
"""

import asyncio
import ssl
import time
from collections import deque
from contextlib import suppress
from typing import Any

import hiredis

from common.errors import StoreUnavailable
from common.store.address import Address, Node
from common.store.commands import pack
from common.store.node_client import tls_context

Reply = Any
"""bytes, int, None, a list of these, or a hiredis.ReplyError."""


class NodeDisconnected(StoreUnavailable):
    """A connection was closed before all replies came."""


class PendingReplies:
    """The replies of one pipeline: sent by RespConnection.run(), received or lost later. For one event loop."""

    def __init__(self, due: int) -> None:
        self.due = due
        self.received: list[Reply] = []
        self.loss: str | None = None
        self._ended: asyncio.Future[None] | None = None

    async def wait(self) -> None:
        """Wait until all are received, or lost. Once cancelled, it may wait again."""
        self._ended = asyncio.get_running_loop().create_future()
        await self._ended

    async def wait_if_sent(self, seconds: float) -> None:
        """Wait as wait() does, for at most these seconds, if the pipeline was sent and has not ended."""
        if self._ended is not None and self.loss is None and len(self.received) < self.due:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self.wait()

    def end(self) -> None:
        """Wake the caller, if it still waits."""
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)


class RespConnection(asyncio.Protocol):
    """Made by connect(). Not for more than one event loop."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._reader = hiredis.Reader()
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

    async def run(self, packed: bytes, pending: PendingReplies) -> list[Reply]:
        """Send packed commands, return their replies. NodeDisconnected."""
        if self._transport is None or self._transport.is_closing():
            raise self._lost("the connection is closed")
        if not self._waiting:
            self._progress_at = time.monotonic()
        self._waiting.append(pending)
        self._transport.write(packed)
        await pending.wait()
        if pending.loss is not None:
            raise self._lost(pending.loss)  # an exception of its own: one kept in `pending` would refer to itself
        return pending.received

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
            while self._waiting:
                pending = self._waiting[0]
                while len(pending.received) < pending.due:
                    reply = self._reader.gets()
                    if reply is False:
                        return
                    pending.received.append(reply)
                self._waiting.popleft()
                pending.end()
            if self._is_retired:
                self.close()
        except hiredis.ProtocolError:
            self.close()

    def _lost(self, cause: str) -> NodeDisconnected:
        return NodeDisconnected(f"Redis {self._node}: {cause}")


async def connect(address: Address, node: Node, timeout: float) -> RespConnection:
    """Connect to a node with the credentials of the address. StoreUnavailable after at most timeout seconds."""
    connection, is_ready = RespConnection(node), False
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
        for reply in await connection.run(b"".join(commands), PendingReplies(len(commands))):
            if isinstance(reply, hiredis.ReplyError):
                raise reply
