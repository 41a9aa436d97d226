"""Client of all nodes of the store: one pipeline per node and call. Blocks; for one thread at a time.

The errors of redis-py stop here: callers see StoreUnavailable.
"""

import time
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from itertools import accumulate
from types import NoneType
from typing import NamedTuple, cast

import redis
from redis.connection import AbstractConnection
from redis.exceptions import NoScriptError, RedisError, ResponseError

from common.errors import StoreUnavailable
from common.store.address import Node, parse_address
from common.store.commands import NodeCommand, Reply, pack
from common.store.keys import FOLLOWS_PATTERN, viewer_of
from common.store.marks import READ_NODE_ID, READ_REPLICATION_INFO, READ_SERVER_INFO, Tenure, tenure_of, uptime_of
from common.store.node_client import node_client, opening_of, read_replies
from common.store.scripts import SCRIPTS
from common.store.topology import Topology, TopologyReader

_KEYS_PER_STEP = 1000
_MOST_STEPS = 100
"""Of a large store, a hundred thousand keys per node are searched for viewers: that takes Redis some 20 ms."""

ADDRESS_CHECK_SECONDS = 5.0
"""Interval of checks whether the address leads to another server than the open connections, which may still answer."""

_BUSY = "BUSY "
"""Begin of the error of a server that runs a script for too long. LOADING is a broken connection to redis-py."""

_VALUES = {int, bytes, NoneType}
"""Types of replies that are no error, of commands that are sent with others."""

UNKNOWN_TENURE = Tenure("", "", "", "", is_master=False)
"""Of a node that does not show it: the user lacks a right."""


class StoreSession(NamedTuple):
    """An unbroken connection to a node; no two have the same number. tenure, uptime in seconds: as first read."""

    number: int
    tenure: Tenure
    uptime: int


class StoreClient:
    """Runs packed commands on the nodes of their buckets.

    The next call after a failure connects again, through the address. ConfigurationError when the URL is wrong.
    """

    def __init__(self, url: str, buckets: int, timeout_seconds: float, *, reads_tenures: bool = False) -> None:
        """reads_tenures: read a node's tenure over each connection before it is used, for ask() and take_used()."""
        self._address = parse_address(url)
        self._reader = TopologyReader(self._address, buckets, timeout_seconds)
        self._timeout = timeout_seconds
        self._topology: Topology | None = None
        self._checked_at = 0.0
        self._clients: dict[Node, redis.Redis] = {}
        self._reads_tenures = reads_tenures
        self._in_cluster = False
        self._sessions: dict[Node, StoreSession] = {}
        self._used: dict[Tenure, set[int]] = {}
        self.sessions_opened = 0

    def run(self, commands: Sequence[NodeCommand]) -> list[Reply]:
        """Replies in the order of the commands. A node that fails leaves StoreUnavailable in its places only.

        StoreUnavailable is raised when no node can be asked at all.
        """
        topology = self.topology()
        if not topology.is_cluster:
            everywhere = range(len(topology.node_of_bucket))  # a call on a server alone may touch any bucket
            return self._pipeline(topology.nodes[0], commands, everywhere)
        by_node: dict[int, list[int]] = {}
        for index, command in enumerate(commands):
            by_node.setdefault(topology.node_of_bucket[command.bucket], []).append(index)
        replies: list[Reply] = [None] * len(commands)
        for node, indexes in by_node.items():
            asked = [commands[index] for index in indexes]
            pipeline = self._pipeline(topology.nodes[node], asked, {command.bucket for command in asked})
            for index, reply in zip(indexes, pipeline, strict=True):
                replies[index] = reply
        return replies

    def ask(
        self, node: Node, packed: Sequence[bytes], session: StoreSession | None = None
    ) -> tuple[StoreSession, list[Reply]]:
        """Replies of one node, and the session that they came over; it must be this one, where one is given.

        StoreUnavailable when a reply is missing, or the session has ended before.
        """
        replies = self._pipeline(node, [NodeCommand(0, command) for command in packed], (), session)
        if failed := failures(replies):
            raise failed[0]
        return self._sessions[node], replies

    def disconnect(self, node: Node) -> None:
        """Close the connections to the node, which is no longer what it was: the next call opens a session."""
        self._topology = None  # another may have its place
        if node in self._clients:
            self._clients.pop(node).close()

    def take_used(self) -> Mapping[Tenure, set[int]]:
        """Buckets of the commands run since the last call, by the tenures of the nodes that were sent them."""
        used, self._used = self._used, {}
        return used

    def topology(self) -> Topology:
        """Nodes and places of the buckets, as last read. StoreUnavailable. May block."""
        if self._topology is not None and time.monotonic() - self._checked_at > ADDRESS_CHECK_SECONDS:
            self._check_address(self._topology)
        if self._topology is None:
            self._topology, self._checked_at = self._reader.read(), time.monotonic()
            self._in_cluster = self._topology.is_cluster
            for node in self._clients.keys() - {*self._topology.nodes}:
                self._clients.pop(node).close()
        return self._topology

    def node_clients(self) -> tuple[redis.Redis, ...]:
        """A client per node."""
        topology = self.topology()
        return tuple(self._client(node) for node in topology.nodes)

    def viewer_ids(self, most: int) -> list[int]:
        """Ids of some viewers with a follow list, as far as a short search finds them. StoreUnavailable."""
        with redis_errors_as_unavailable():
            keys = [key for node in self.node_clients() for key in _some_follow_keys(node, most)]
        return [viewer_of(key) for key in keys][:most]

    def meta_client(self) -> redis.Redis:
        """Client of the node that holds the store's own keys."""
        topology = self.topology()
        return self._client(topology.nodes[topology.node_of_meta])

    @contextmanager
    def refreshing_topology(self) -> Generator[None]:
        """Connect again after a StoreUnavailable inside: for what callers ask of the clients of nodes."""
        try:
            yield
        except StoreUnavailable:
            self._reset()
            raise

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def _check_address(self, held: Topology) -> None:
        """Drop the connections to a server that the address no longer leads to. They stay when nothing answers."""
        self._checked_at = time.monotonic()
        try:
            found = self._reader.read()
        except StoreUnavailable:
            return
        if found.nodes != held.nodes or (found.run_id and self._connected_run_id(found.nodes[0]) != found.run_id):
            self._reset()
        self._topology = found

    def _connected_run_id(self, node: Node) -> str | None:
        try:
            server = self._client(node).info("server")
        except RedisError:
            return None
        return str(server.get("run_id", ""))

    def _reset(self) -> None:
        self._topology = None
        self.close()

    def _client(self, node: Node) -> redis.Redis:
        if node not in self._clients:
            self._clients[node] = node_client(self._address, node, self._timeout)
        return self._clients[node]

    def _pipeline(
        self,
        node: Node,
        commands: Sequence[NodeCommand],
        buckets: Collection[int],
        expected: StoreSession | None = None,
    ) -> list[Reply]:
        pool = self._client(node).connection_pool
        try:
            connection = pool.get_connection()
        except RedisError as error:
            return [self._failed(node, error)] * len(commands)
        try:
            if self._reads_tenures:
                session = self._session(node, connection)
                if expected not in (None, session):
                    return [StoreUnavailable(f"Redis {node}: the connection was opened again")] * len(commands)
                self._used.setdefault(session.tenure, set()).update(buckets)
            replies = _run(connection, commands)
            if any(isinstance(reply, NoScriptError) for reply in replies):
                _exchange(connection, [pack((b"SCRIPT", b"LOAD", script.source.encode())) for script in SCRIPTS])
                replies = _run(connection, commands)
            if any(isinstance(reply, ResponseError) for reply in replies):  # READONLY among them: no longer the master
                pool.disconnect()
            return [self._failed(node, reply) if isinstance(reply, ResponseError) else reply for reply in replies]
        except RedisError as error:
            pool.disconnect()
            return [self._failed(node, error)] * len(commands)
        finally:
            pool.release(connection)

    def _session(self, node: Node, connection: AbstractConnection) -> StoreSession:
        number = opening_of(connection)
        session = self._sessions.get(node)
        if session is None or session.number != number:
            session = StoreSession(number, *_read_tenure(connection, in_cluster=self._in_cluster))
            self._sessions[node] = session
            self.sessions_opened += 1
        return session

    def _failed(self, node: Node, error: RedisError) -> StoreUnavailable:
        self._topology = None
        return StoreUnavailable(f"Redis {node}: {error}")


@contextmanager
def redis_errors_as_unavailable() -> Generator[None]:
    """Raise StoreUnavailable, with its cause, for every error that redis-py raises inside."""
    try:
        yield
    except RedisError as error:
        raise StoreUnavailable(f"Redis does not answer: {error}") from error


def load_scripts(client: redis.Redis) -> None:
    """Load every write script on a node."""
    for script in SCRIPTS:
        client.script_load(script.source)


def failures(replies: Iterable[Reply]) -> list[StoreUnavailable]:
    """The errors that stand in place of missing replies."""
    return [reply for reply in replies if isinstance(reply, StoreUnavailable)]


def _read_tenure(connection: AbstractConnection, *, in_cluster: bool) -> tuple[Tenure, int]:
    asked = [READ_SERVER_INFO, READ_REPLICATION_INFO, *([READ_NODE_ID] if in_cluster else [])]
    replies = _exchange(connection, asked)
    errors = [reply for reply in replies if isinstance(reply, ResponseError)]
    if passing := next((error for error in errors if str(error).startswith(_BUSY)), None):
        raise passing  # the connection is closed, and asked again when it is opened next
    if errors:
        return UNKNOWN_TENURE, 0
    return tenure_of(*replies), uptime_of(replies[0])


def _run(connection: AbstractConnection, commands: Sequence[NodeCommand]) -> list[Reply]:
    """A reply for each; the error of one of several commands stands in place of all their replies."""
    packed = [command.packed for command in commands]
    counts = [command.commands for command in commands]
    replies = _exchange(connection, packed, sum(count or 1 for count in counts))
    if not any(counts):
        return replies
    ends = [*accumulate(count or 1 for count in counts)]
    return [
        _all_or_error(replies[end - count : end]) if count else replies[end - 1]
        for count, end in zip(counts, ends, strict=True)
    ]


def _all_or_error(replies: list[Reply]) -> list[Reply] | ResponseError:
    if {*map(type, replies)} <= _VALUES:
        return replies
    return next((reply for reply in replies if isinstance(reply, ResponseError)), replies)


def _exchange(connection: AbstractConnection, packed: Sequence[bytes], count: int = 0) -> list[Reply]:
    """Send all, then read as many replies, or count. An error stands in its place; a broken connection is raised."""
    connection.send_packed_command([b"".join(packed)], check_health=False)
    return read_replies(connection, count or len(packed))


def _some_follow_keys(node: redis.Redis, most: int) -> list[bytes]:
    found: dict[bytes, None] = {}  # a scan may return a key twice
    cursor = 0
    for _ in range(_MOST_STEPS):
        cursor, keys = cast("tuple[int, list[bytes]]", node.scan(cursor, match=FOLLOWS_PATTERN, count=_KEYS_PER_STEP))
        found.update(dict.fromkeys(keys))
        if cursor == 0 or len(found) >= most:
            break
    return list(found)
