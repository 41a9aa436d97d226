"""HTTP port of a process: /metrics, /healthz (alive), /readyz (ready), and further routes.

Connections, request size and time are bounded.
"""

import asyncio
import errno
import logging
import socket
import threading
from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import cast

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from common.errors import ConfigurationError
from common.settings.process import ANY_ADDRESS
from common.telemetry.http_routes import (
    BadQuery,
    Response,
    Route,
    Routes,
    is_addressed,
    parameters_of,
    prefers_openmetrics,
)

_SECONDS_PER_REQUEST = 5.0
_MAX_CONNECTIONS = 64
_MAX_HEAD_BYTES = 8 * 1024

NotReady = Callable[[], str | None]
"""Returns why the process is not ready, None when it is. Must not block."""

Limits = Callable[[], str | None]
"""Returns what a process that is ready cannot do meanwhile, None for nothing. Must not block."""


log = logging.getLogger("thunder.http")


class HttpServer:
    """Bound when made, ConfigurationError if it cannot be; serves in a thread of its own until stop().

    port is the one that was bound: 0 asks for any free one. routes returns the further routes at each request; they
    answer requests to this machine by a loopback address or one of names, so that no other site reaches them through
    a browser.
    """

    def __init__(
        self,
        host: str,
        port: int,
        registry: CollectorRegistry,
        not_ready: NotReady,
        routes: Callable[[], Routes] = dict[str, Route],
        limits: Limits = lambda: None,
        names: Collection[str] = (),
    ) -> None:
        self._registry = registry
        self._not_ready = not_ready
        self._limits = limits
        self._routes = routes
        self._names = names
        self._clients: set[asyncio.StreamWriter] = set()
        self._socket = _listen(host, port)
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the port and all connections; a second call is a no-op."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._converse, sock=self._socket, limit=_MAX_HEAD_BYTES)
        await self._stopping.wait()
        server.close()
        await asyncio.sleep(0)  # a client just accepted takes its place among the others
        while self._clients:
            for client in self._clients:
                client.transport.abort()
            await asyncio.sleep(0)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        try:
            if len(self._clients) <= _MAX_CONNECTIONS:
                async with asyncio.timeout(_SECONDS_PER_REQUEST):
                    head = await reader.readuntil(b"\r\n\r\n")
                    with_body = not head.startswith(b"HEAD ")
                    writer.write((await self._respond(head)).encode(with_body=with_body))
                    writer.close()
                    await writer.wait_closed()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # too slow, gone, or too large: there is no one to answer
        finally:
            self._clients.discard(writer)
            writer.transport.abort()

    async def _respond(self, head: bytes) -> Response:
        method, target, *_ = [*head.split(None, 2), b"", b""]
        if method not in (b"GET", b"HEAD"):
            return Response(HTTPStatus.METHOD_NOT_ALLOWED, b"only GET and HEAD\n")
        path, _, query = target.decode("latin-1").partition("?")
        route = self._routes().get(path)
        if route is None:
            return self._watched(path, head)
        if not is_addressed(head, self._names):
            return Response(HTTPStatus.MISDIRECTED_REQUEST, b"open it by localhost or a name of --live-page-hosts\n")
        return await _answer_of(route, query)

    def _watched(self, path: str, head: bytes) -> Response:
        match path:
            case "/metrics":
                return _metrics_of(self._registry, head)
            case "/healthz":
                return Response(HTTPStatus.OK, b"alive\n")
            case "/readyz":
                reason = self._not_ready()
                if reason is None:
                    limits = self._limits()
                    return Response(HTTPStatus.OK, f"ready, but {limits}\n".encode() if limits else b"ready\n")
                return Response(HTTPStatus.SERVICE_UNAVAILABLE, f"{reason}\n".encode())
            case _:
                return Response(HTTPStatus.NOT_FOUND, b"/metrics, /healthz or /readyz\n")


def _metrics_of(registry: CollectorRegistry, head: bytes) -> Response:
    """The metrics as OpenMetrics, which alone has exemplars, where the scraper prefers it; else as plain text."""
    if prefers_openmetrics(head):
        # Our names need no escaping; asking for it costs half of the time of a scrape.
        text = cast("bytes", openmetrics.generate_latest(registry, escaping=openmetrics.ALLOWUTF8))
        return Response(HTTPStatus.OK, text, openmetrics.CONTENT_TYPE_LATEST)
    return Response(HTTPStatus.OK, generate_latest(registry), CONTENT_TYPE_LATEST)


async def _answer_of(route: Route, query: str) -> Response:
    try:
        return await route(parameters_of(query))
    except BadQuery as bad:
        return Response(HTTPStatus.BAD_REQUEST, f"{bad}\n".encode())
    except Exception:
        log.exception("HTTP request failed with an unexpected error")
        return Response(HTTPStatus.INTERNAL_SERVER_ERROR, b"internal error\n")


def _listen(host: str, port: int) -> socket.socket:
    """Listen on the address; `::` stands for all of IPv6 and IPv4, and for IPv4 alone where there is no IPv6."""
    try:
        if host == ANY_ADDRESS:
            return _listen_everywhere(port)
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise ConfigurationError(f"HTTP cannot listen on {host}:{port} (--http-port): {error.strerror}") from error


def _listen_everywhere(port: int) -> socket.socket:
    if socket.has_dualstack_ipv6():
        try:
            return socket.create_server((ANY_ADDRESS, port), family=socket.AF_INET6, dualstack_ipv6=True)
        except OSError as error:
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):  # IPv6 is switched off
                raise
    return socket.create_server(("", port))
