"""A master and a replica that three Sentinels watch; all of them meet through links."""

from contextlib import suppress
from pathlib import Path
from typing import cast

from redis.exceptions import RedisError

from tests.support.network.proxy import Link, Network
from tests.support.processes.child import Child
from tests.support.redis.replicated import SERVICE
from tests.support.redis.servers import RedisServer
from tests.support.unused import free_port
from tests.support.wait import eventually
from thunder.embedded.redis_server import redis_binary


class AnnouncedRedis:
    """A server that names its link as its address."""

    def __init__(self, directory: Path, network: Network) -> None:
        directory.mkdir()
        port = free_port()
        self.link: Link = network.link(port)
        announced = {"replica-announce-ip": "127.0.0.1", "replica-announce-port": str(self.link.port)}
        quick = {"repl-diskless-sync": "yes", "repl-diskless-sync-delay": "0"}
        self.server = RedisServer(directory, quick | announced, port=port)

    def replication(self) -> dict[str, object]:
        return cast("dict[str, object]", self.server.command("INFO", "replication"))

    def is_master(self) -> bool:
        """Whether it answers and says so."""
        with suppress(RedisError):
            return self.replication()["role"] == "master"
        return False


class WatchedPair:
    """first: the master, second: its replica, until the Sentinels change that. url: through the Sentinels."""

    def __init__(self, directory: Path, network: Network) -> None:
        self.first, self.second = (AnnouncedRedis(directory / name, network) for name in ("first", "second"))
        self.second.server.command("REPLICAOF", "127.0.0.1", self.first.link.port)
        eventually(lambda: self.second.replication().get("master_link_status") == "up", "a replica in step")
        ports = [free_port() for _ in range(3)]
        self._sentinels = [_sentinel(directory / f"sentinel-{port}", port, self.first.link.port) for port in ports]
        for each in self._sentinels:
            each.wait_for_output(r"\+slave ")
            each.wait_for_output(r"(\+sentinel [^\n]*\n[^$]*){2}")
        self.url = self.worker_url = f"redis+sentinel://{','.join(f'127.0.0.1:{port}' for port in ports)}/{SERVICE}"

    def data_servers(self) -> list[RedisServer]:
        return [each.server for each in (self.first, self.second) if each.is_master()]

    def close(self) -> None:
        for child in self._sentinels:
            child.kill()
        for each in (self.first, self.second):
            each.server.kill()


def _sentinel(directory: Path, port: int, master_port: int) -> Child:
    directory.mkdir()
    configuration = directory / "sentinel.conf"
    lines = [
        *("bind 127.0.0.1", f"port {port}", f"dir {directory}"),
        f"sentinel monitor {SERVICE} 127.0.0.1 {master_port} 2",
        f"sentinel down-after-milliseconds {SERVICE} 1000",
        f"sentinel failover-timeout {SERVICE} 5000",
    ]
    configuration.write_text("\n".join(lines))
    return Child([redis_binary(), configuration, "--sentinel"], directory / "sentinel.log")
