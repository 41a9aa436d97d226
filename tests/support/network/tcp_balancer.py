"""A load balancer below HTTP/2: it knows connections, not calls."""

import asyncio
import itertools
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Self

_CHUNK_BYTES = 65_536


class TcpBalancer:
    """Gives each connection to the next of `ports` on 127.0.0.1, which may change; used with `with`.

    received: bytes that came from the servers. address: HOST:PORT for clients.
    """

    def __init__(self, ports: Sequence[int]) -> None:
        self.ports = ports
        self.received = 0
        self.address = ""
        self._turns = itertools.count()
        self._begun: queue.SimpleQueue[tuple[str, Callable[[], object]]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._balance()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.address, self._stop = self._begun.get(timeout=10)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        self._thread.join(10)

    async def _balance(self) -> None:
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        async with await asyncio.start_server(self._relay, "127.0.0.1", 0) as server:
            host, port = server.sockets[0].getsockname()
            self._begun.put((f"{host}:{port}", lambda: loop.call_soon_threadsafe(stopped.set)))
            await stopped.wait()

    async def _relay(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        ports = self.ports
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", ports[next(self._turns) % len(ports)])
            await asyncio.gather(self._pump(from_client, to_server, 0), self._pump(from_server, to_client, 1))
        finally:
            to_client.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, weight: int) -> None:
        try:
            with suppress(ConnectionError):
                while chunk := await reader.read(_CHUNK_BYTES):
                    self.received += weight * len(chunk)
                    writer.write(chunk)
                    await writer.drain()
        finally:
            writer.close()
