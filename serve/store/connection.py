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
import redis

from common.errors import StoreUnavailable
from common.store.commands import pack
from common.store.topology import Node

Reply = Any
"""bytes, int, None, a list of these, or a hiredis.ReplyError."""


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
        """Wait as wait() does, at most so many seconds, if the pipeline was sent and has not ended."""
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

    @property
    def is_open(self) -> bool:
        """Whether commands can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def is_silent(self, seconds: float) -> bool:
        """Whether replies are due and nothing has come for longer: the server hangs, or the connection is half open.

        A server that is slow to answer much is not silent: the connection belongs to all who wait.
        """
        return bool(self._waiting) and time.monotonic() - self._progress_at > seconds

    async def run(self, packed: bytes, pending: PendingReplies) -> list[Reply]:
        """Send packed commands, return their replies. StoreUnavailable when the connection is lost before."""
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
        except hiredis.ProtocolError:
            self.close()

    def _lost(self, cause: str) -> StoreUnavailable:
        return StoreUnavailable(f"Redis {self._node.host}:{self._node.port}: {cause}")


async def connect(url: str, node: Node, timeout: float) -> RespConnection:
    """Connect to a node with the credentials of the URL. StoreUnavailable after at most timeout seconds."""
    pool = redis.ConnectionPool.from_url(url)
    connection, is_ready = RespConnection(node), False
    loop = asyncio.get_running_loop()
    try:
        tls = _tls_of(pool.connection_kwargs) if pool.connection_class is redis.SSLConnection else None
        async with asyncio.timeout(timeout):
            await loop.create_connection(lambda: connection, node.host, node.port, ssl=tls)
            await _greet(connection, pool.connection_kwargs)
    except (OSError, TimeoutError, hiredis.ReplyError) as error:
        raise StoreUnavailable(f"Redis {node.host}:{node.port}: {error or 'does not answer'}") from error
    else:
        is_ready = True
        return connection
    finally:
        if not is_ready:  # cancelled or failed half-way
            connection.close()


def _tls_of(options: dict[str, Any]) -> ssl.SSLContext:
    """The TLS context of the URL's options, as redis-py names them. OSError, which ssl.SSLError is, for bad files."""
    context = ssl.create_default_context(cafile=options.get("ssl_ca_certs"))
    if certificate := options.get("ssl_certfile"):
        context.load_cert_chain(certificate, options.get("ssl_keyfile"))
    return context


async def _greet(connection: RespConnection, options: dict[str, Any]) -> None:
    commands: list[list[bytes]] = []
    if password := options.get("password"):
        user = options.get("username")
        commands.append([b"AUTH", *([user.encode()] if user else []), password.encode()])
    if database := options.get("db"):
        commands.append([b"SELECT", b"%d" % database])
    if commands:
        for reply in await connection.run(b"".join(map(pack, commands)), PendingReplies(len(commands))):
            if isinstance(reply, hiredis.ReplyError):
                raise reply
