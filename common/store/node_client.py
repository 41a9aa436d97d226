"""Builds the TLS context and the blocking clients of an address, for Redis servers and for Sentinels alike."""

import ssl
from contextlib import suppress
from itertools import count, islice
from socket import socket
from typing import Any, cast

import hiredis
import redis
from redis.backoff import NoBackoff
from redis.connection import AbstractConnection, UnixDomainSocketConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.retry import Retry

from common.store.address import Address, Login, Node, TlsFiles
from common.tls_files import refuse_encrypted_key


def tls_context(files: TlsFiles) -> ssl.SSLContext:
    """Build the TLS context. OSError, which ssl.SSLError is, for files that cannot be used. Reads files."""
    context = ssl.create_default_context(cafile=files.ca)
    if files.certificate:
        context.load_cert_chain(files.certificate, files.key, password=refuse_encrypted_key)
    return context


_openings = count(1)


class _PingFirst(AbstractConnection):
    """Reads a reply before the pool looks for stray data: TLS 1.3 sends its session tickets after the handshake.

    A login, a SELECT or a name has a reply; a connection without any sends PING. A user need not have the right to name
    a connection, nor to PING.
    """

    opening = 0
    _reader: hiredis.Reader | None = None
    _nothing: object = None

    def __init__(self, naming: tuple[str, ...] = (), **options: Any) -> None:  # noqa: ANN401 (redis-py's)
        """naming: words of the command that names the connection; empty for none."""
        super().__init__(**options)
        self._naming = naming

    def on_connect_check_health(self, check_health: bool = True) -> None:
        """Called by redis-py once the socket is open."""
        self.opening = next(_openings)
        super().on_connect_check_health(check_health)
        self._reader = getattr(cast("object", self._parser), "_reader", None)
        self._nothing = self._reader.gets() if self._reader else None
        if not self._naming and (self.username or self.password or self.db):
            return
        self.send_command(*(self._naming or ("PING",)), check_health=False)
        with suppress(ResponseError):
            self.read_response()

    def received(self, most: int) -> list[Any]:
        """Replies that are there already. A read_response() for each of thousands costs ten times as much."""
        if not self._reader:
            return []
        replies = [*islice(iter(self._reader.gets, self._nothing), most)]
        if any(issubclass(kind, RedisConnectionError) for kind in {*map(type, replies)}):
            raise next(reply for reply in replies if isinstance(reply, RedisConnectionError))
        return replies


class _TcpConnection(_PingFirst, redis.Connection):
    """A connection without TLS."""


class _SocketConnection(_PingFirst, UnixDomainSocketConnection):
    """A connection over a Unix socket."""


class _TlsConnection(_PingFirst, redis.SSLConnection):
    """A connection with the TLS context that every client has."""

    def __init__(self, tls_files: TlsFiles, **options: Any) -> None:  # noqa: ANN401 (redis-py's)
        super().__init__(**options)
        self._tls_files = tls_files

    def _wrap_socket_with_ssl(self, sock: socket) -> ssl.SSLSocket:
        return tls_context(self._tls_files).wrap_socket(sock, server_hostname=self.host)


def opening_of(connection: AbstractConnection) -> int:
    """Number of the opening of a connection: redis-py opens one again that was closed, without a word."""
    return connection.opening if isinstance(connection, _PingFirst) else 0


def read_replies(connection: AbstractConnection, count: int) -> list[Any]:
    """The next replies. An error stands in its place; a broken connection is raised."""
    replies: list[Any] = []
    while len(replies) < count:
        try:
            replies.append(connection.read_response())
        except ResponseError as error:
            replies.append(error)
        if isinstance(connection, _PingFirst):
            replies += connection.received(count - len(replies))
    return replies


def node_client(address: Address, node: Node, timeout_seconds: float) -> redis.Redis:
    """Client of a Redis server of the address. It never retries, and connects with its first command."""
    return _client(address, node, address.login, address.database, timeout_seconds, address.naming)


def entry_client(address: Address, node: Node, timeout_seconds: float) -> redis.Redis:
    """Client that selects no database, as a node of a cluster refuses that."""
    return _client(address, node, address.login, 0, timeout_seconds)


def sentinel_client(address: Address, node: Node, timeout_seconds: float) -> redis.Redis:
    """Client of a Sentinel of the address."""
    return _client(address, node, address.sentinel_login, 0, timeout_seconds)


def _client(
    address: Address, node: Node, login: Login, database: int, timeout_seconds: float, naming: tuple[str, ...] = ()
) -> redis.Redis:
    options: dict[str, Any] = {
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": timeout_seconds,
        "driver_info": None,  # CLIENT SETINFO needs a right that a user may lack
        "db": database,
        "naming": naming,
        "username": login.username,
        "password": login.password,
    }
    if not node.port:
        options |= {"connection_class": _SocketConnection, "path": node.host}
    else:
        options |= {"host": node.host, "port": node.port, "socket_keepalive": True}
        is_tls = address.tls is not None
        options |= {"connection_class": _TlsConnection if is_tls else _TcpConnection}
        options |= {"tls_files": address.tls} if is_tls else {}
    return redis.Redis.from_pool(redis.ConnectionPool(**options))
