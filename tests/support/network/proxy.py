"""A network between clients and servers that the tests can slow down, hold still and cut.

A Network is a thread; each of its links is a port that leads to a server. What a link does to its connections it
counts, so that a test can show that its fault happened.
"""

import asyncio
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Self, TypeVar

from tests.support.unused import free_port

T = TypeVar("T")

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends a reset
_REPLICA = b"REPLCONF"  # a replica of Redis says so in its first messages


class Network:
    """Links in an event loop of a thread of its own; used with `with`."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._links: list[Link] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _close(self) -> None:
        for link in self._links:
            link.close()
        for _ in range(3):  # until the transports are closed
            await asyncio.sleep(0)

    def link(self, target: int) -> "Link":
        """Open a port of the loopback interface that leads to another one."""
        link = Link(self, self._loop, target)
        self._links.append(link)
        asyncio.run_coroutine_threadsafe(link.listen(), self._loop).result(10)
        return link

    def run(self, function: Callable[[], T]) -> T:
        """Run a function in the loop and return its result."""

        async def call() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(10)


class Link:
    """A port that leads to a server, for clients and for the replicas of a Redis.

    port: for the clients. target: of the server. cuts: connections that were reset. torn: replies that were cut in two.
    held: connections that were held still. refused: connections that were reset at once.
    """

    def __init__(self, network: Network, loop: asyncio.AbstractEventLoop, target: int) -> None:
        self.port = free_port()
        self.target = target
        self.cuts = self.torn = self.held = self.refused = self.delayed = 0
        self.connections: set[_Connection] = set()
        self.delay = 0.0
        self.tears = 0
        self.refusing = False
        self.holding: Callable[[_Connection], bool] = _no_connection
        self._network = network
        self._loop = loop
        self._server: asyncio.Server | None = None

    async def listen(self) -> None:
        """Accept connections; for the network alone."""
        self._server = await self._loop.create_server(self._accepted, "127.0.0.1", self.port)

    def _accepted(self) -> asyncio.Protocol:
        return _Connection(self, self._loop).client

    def close(self) -> None:
        """Accept no more, and reset all; for the network alone."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.reset()

    def cut(self, *, replicas_alone: bool = False) -> int:
        """Reset the connections; return how many there were."""

        def reset() -> int:
            chosen = [each for each in self.connections if each.is_replica or not replicas_alone]
            for connection in chosen:
                connection.reset()
            return len(chosen)

        count = self._network.run(reset)
        self.cuts += count
        return count

    def tear(self, replies: int) -> None:
        """Reset the connections of the next replies in the middle of them."""
        self.tears = replies

    def slow(self, seconds: float) -> None:
        """Let everything arrive this much later; 0 = at once."""
        self.delay = seconds

    @contextmanager
    def refused_connections(self) -> Generator[None]:
        """Meanwhile there are no connections: those that are open are reset, and new ones are too."""
        self.refusing = True
        self.cut()
        try:
            yield
        finally:
            self.refusing = False

    @contextmanager
    def held_still(self, *, replicas_alone: bool = False) -> Generator[None]:
        """Meanwhile nothing arrives on open and new connections, which stay open: they are half-open."""
        holding: Callable[[_Connection], bool] = _is_replica if replicas_alone else _any_connection
        self._network.run(lambda: self._hold(holding))
        try:
            yield
        finally:
            self._network.run(lambda: self._hold(_no_connection))

    def _hold(self, holding: Callable[["_Connection"], bool]) -> None:
        self.holding = holding
        for connection in self.connections:
            connection.update()


class _Connection:
    """A client's connection and the one that it led to."""

    def __init__(self, link: Link, loop: asyncio.AbstractEventLoop) -> None:
        self.client = _End(self, from_client=True)
        self.server = _End(self, from_client=False)
        self.client.peer, self.server.peer = self.server, self.client
        self.is_replica = False
        self._was_held = False
        self._link = link
        self._loop = loop
        self._connecting: asyncio.Task[object] | None = None

    def opened(self) -> None:
        """The client is there: connect it, unless the link is refusing."""
        if self._link.refusing:
            self._link.refused += 1
            self.reset()
            return
        self._link.connections.add(self)
        self._connecting = self._loop.create_task(self._connect())

    async def _connect(self) -> None:
        try:
            await self._loop.create_connection(lambda: self.server, "127.0.0.1", self._link.target)
        except OSError:
            self.reset()

    def arrived(self, data: bytes, end: "_End") -> None:
        """Pass on what arrived at one end to the other one, later or never."""
        if end is self.client and not self.is_replica and _REPLICA in data[:64]:
            self.is_replica = True
        self.update()
        tearing = end is self.server and self._link.tears > 0 and len(data) > 1 and not self.is_replica
        if tearing:
            self._link.tears -= 1
            self._link.torn += 1
            end.peer.send(data[: len(data) // 2])
            self._loop.call_soon(self.reset)
        elif self.is_held:
            end.kept.append(data)
        else:
            self._pass_on(data, end.peer)

    def _pass_on(self, data: bytes, to: "_End") -> None:
        now = self._loop.time()
        due = max(to.last_due, now + self._link.delay)
        if due <= now:
            to.send(data)
            return
        self._link.delayed += 1
        to.last_due = due
        self._loop.call_at(due, to.send, data)

    @property
    def is_held(self) -> bool:
        return self._link.holding(self)

    def update(self) -> None:
        """The link holds its connections, or no longer does."""
        held = self.is_held
        if held and not self._was_held:
            self._link.held += 1
        self._was_held = held
        for end in (self.client, self.server):
            end.read(not held)
            while end.kept and not held:
                end.peer.send(end.kept.popleft())

    def reset(self) -> None:
        """Close both ends with a reset."""
        self._link.connections.discard(self)
        if self._connecting is not None:
            self._connecting.cancel()
        for end in (self.client, self.server):
            end.reset()

    def ended(self) -> None:
        """One end was closed: close the other one."""
        self._link.connections.discard(self)
        for end in (self.client, self.server):
            end.close()


class _End(asyncio.Protocol):
    """One of the two sockets of a connection. kept: what arrived while the connection was held."""

    peer: "_End"

    def __init__(self, connection: _Connection, *, from_client: bool) -> None:
        self.kept: deque[bytes] = deque()
        self.last_due = 0.0
        self._connection = connection
        self._from_client = from_client
        self._transport: asyncio.Transport | None = None
        self._early = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._from_client:
            self._connection.opened()
        elif self._early:
            transport.write(bytes(self._early))
            self._early.clear()

    def data_received(self, data: bytes) -> None:
        self._connection.arrived(data, self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connection.ended()

    def pause_writing(self) -> None:
        self.peer.read(False)

    def resume_writing(self) -> None:
        self.peer.read(not self._connection.is_held)

    def send(self, data: bytes) -> None:
        if self._transport is None:
            self._early += data
        elif not self._transport.is_closing():
            self._transport.write(data)

    def read(self, wanted: bool) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def close(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()

    def reset(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        raw = self._transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()


def _no_connection(_: _Connection) -> bool:
    return False


def _any_connection(_: _Connection) -> bool:
    return True


def _is_replica(connection: _Connection) -> bool:
    return connection.is_replica
