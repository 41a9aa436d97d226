"""A master with a replica that may take its place, and Sentinels that watch them."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, cast

from tests.support.processes.child import Child
from tests.support.redis.servers import RedisServer
from tests.support.unused import free_port
from tests.support.wait import eventually
from thunder.embedded.redis_server import redis_binary

SERVICE = "thunder"


class Pair(NamedTuple):
    """Two servers. The first is the master until promote(), the second its replica."""

    first: RedisServer
    second: RedisServer

    def promote(self) -> None:
        """Make the second the master and the first its replica, without closing a connection of the first."""
        self.second.command("REPLICAOF", "NO", "ONE")
        self.first.command("REPLICAOF", "127.0.0.1", self.second.port)

    def wait_until_equal(self) -> None:
        """Until the replica has what the master has now.

        WAIT would not do: on a connection that wrote nothing it also counts a replica to which nothing was sent yet,
        and after a first copy that takes until the replica's next acknowledgement, up to a second.
        """
        offset = int(_replication(self.first)["master_repl_offset"])
        eventually(lambda: int(_replication(self.second)["slave_repl_offset"]) >= offset, "a replica with all writes")


@contextmanager
def redis_pair(directory: Path) -> Generator[Pair]:
    """Two servers with their files below directory, connected."""
    servers = [_server(directory / name) for name in ("first", "second")]
    pair = Pair(*servers)
    try:
        pair.second.command("REPLICAOF", "127.0.0.1", pair.first.port)
        eventually(lambda: _replication(pair.second).get("master_link_status") == "up", "a replica in step")
        yield pair
    finally:
        for server in servers:
            server.kill()


@contextmanager
def sentinel(directory: Path, pair: Pair) -> Generator[str]:
    """A Sentinel that watches the pair as SERVICE; its HOST:PORT."""
    port, configuration = free_port(), directory / "sentinel.conf"
    lines = [
        *("bind 127.0.0.1", f"port {port}", f"dir {directory}"),
        f"sentinel monitor {SERVICE} 127.0.0.1 {pair.first.port} 1",
        f"sentinel down-after-milliseconds {SERVICE} 500",
        f"sentinel failover-timeout {SERVICE} 3000",
    ]
    configuration.write_text("\n".join(lines))
    child = Child([redis_binary(), configuration, "--sentinel"], directory / "sentinel.log")
    try:
        child.wait_for_output(r"\+slave ")  # the replica is known: a failover has a candidate
        yield f"127.0.0.1:{port}"
    finally:
        child.kill()


def _server(directory: Path) -> RedisServer:
    directory.mkdir()
    return RedisServer(directory, {"repl-diskless-sync": "yes", "repl-diskless-sync-delay": "0"})


def _replication(server: RedisServer) -> dict[str, str]:
    return cast("dict[str, str]", server.command("INFO", "replication"))
