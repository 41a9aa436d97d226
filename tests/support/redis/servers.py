"""Real Redis servers for the tests: one alone, and a cluster of three masters."""

import signal
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import cast

import redis

from tests.support.processes.child import Child
from tests.support.redis.binaries import cli_binary, server_binary
from tests.support.redis.key_leaks import PERMANENT, assert_every_key_has_ttl
from tests.support.unused import free_port
from tests.support.wait import eventually
from thunder.embedded.redis_cluster import BUS_OFFSET, form_cluster, is_complete
from thunder.embedded.redis_server import SETTINGS

NO_MORE: Mapping[str, str] = MappingProxyType({})


def free_cluster_port() -> int:
    """A free port for a node of a cluster: the port of its bus is free as well."""
    return free_port(also=BUS_OFFSET)


class RedisServer:
    """One server on a free port, without persistence."""

    def __init__(
        self,
        directory: Path,
        settings: Mapping[str, str] = NO_MORE,
        password: str | None = None,
        *,
        cluster: bool = False,
        port: int | None = None,
    ) -> None:
        """Start it with its files in directory (which must exist); as a node of a cluster it serves no slot yet.

        settings: more lines of its configuration. password: of its default user, with whom `client` logs in.
        port: of `free_cluster_port`, when it was needed before.
        """
        self.port = port or free_cluster_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self.client = redis.Redis(host="127.0.0.1", port=self.port, password=password)
        clustered = {"cluster-enabled": "yes", "cluster-node-timeout": "15000"} if cluster else {}
        self._settings = SETTINGS | {"port": str(self.port), "dir": str(directory)} | clustered | dict(settings)
        self.directory = directory
        self._server = self._start()

    def command(self, *words: str | int) -> object:
        """Send one command and return redis-py's reading of the answer."""
        return cast("object", self.client.execute_command(*words))  # pyright: ignore[reportUnknownMemberType]

    def flush(self) -> None:
        """Remove every key."""
        self.command("FLUSHALL")

    def assert_no_key_leaks(self) -> None:
        """Fail when a key that is not listed as permanent would stay for ever."""
        assert_every_key_has_ttl(self.client, allowed=PERMANENT)

    @contextmanager
    def frozen(self) -> Generator[None]:
        """Meanwhile the server does not answer: its process is stopped."""
        self._server.send(signal.SIGSTOP)
        try:
            yield
        finally:
            self._server.send(signal.SIGCONT)

    @contextmanager
    def writes_paused(self) -> Generator[None]:
        """Meanwhile the server answers what reads, and lets what writes wait."""
        self.command("CLIENT PAUSE", 600_000, "WRITE")
        try:
            yield
        finally:
            self.command("CLIENT UNPAUSE")

    def restart(self, settings: Mapping[str, str] = NO_MORE, *, wait: bool = True) -> None:
        """Kill the server at once and start it again, with more settings if any; what it had on disk is loaded.

        wait: until it accepts connections.
        """
        self.kill()
        self._settings = self._settings | dict(settings)
        self._server = self._start(wait=wait)

    def wait_until_started(self) -> None:
        """Until it accepts connections, after a restart that did not wait."""
        self._server.wait_for_output("Ready to accept connections")

    def kill(self) -> None:
        """Kill the server at once; its keys are gone."""
        self.client.close()
        self._server.kill()

    def _start(self, *, wait: bool = True) -> Child:
        arguments = [word for name, value in self._settings.items() for word in (f"--{name}", value)]
        server = Child([server_binary(), *arguments], self.directory / "redis.log")
        if wait:
            server.wait_for_output("Ready to accept connections")
        return server


class RedisCluster:
    """Three masters without replicas; url is the address of one of them, which is enough to find the others."""

    def __init__(self, directory: Path, settings: Mapping[str, str] = NO_MORE, password: str | None = None) -> None:
        """Start the nodes with their files below directory and wait until they serve all slots. See RedisServer."""
        self._directory = directory
        self.nodes = [_cluster_node(directory / str(number), settings, password) for number in range(3)]
        self.url = self.nodes[0].url
        _form(self.nodes)

    def add_node(self) -> RedisServer:
        """Let one more master join, which serves no slot yet. For a cluster without a password."""
        node = _cluster_node(self._directory / str(len(self.nodes)), NO_MORE, None)
        self.manage("add-node", f"127.0.0.1:{node.port}", f"127.0.0.1:{self.nodes[0].port}")
        self.nodes.append(node)
        for each in self.nodes:
            eventually(lambda each=each: _knows(each, len(self.nodes)), f"{each.url} knows the new node")
        return node

    def manage(self, *words: str) -> None:
        """Run `redis-cli --cluster`, which stands beside the server, to its end."""
        command = [str(cli_binary()), "--cluster", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def move_slot(self, slot: int, target: RedisServer) -> None:
        """Give a slot and its keys to another master, as `redis-cli --cluster reshard` does."""
        source = self.master_of(slot)
        target.command("CLUSTER SETSLOT", slot, "IMPORTING", _id_of(source))
        source.command("CLUSTER SETSLOT", slot, "MIGRATING", _id_of(target))
        while keys := cast("list[str]", source.command("CLUSTER GETKEYSINSLOT", slot, 100)):
            source.command("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)
        for node in (target, source, *self.nodes):
            node.command("CLUSTER SETSLOT", slot, "NODE", _id_of(target))
        for node in self.nodes:  # else the late word of the former master may take the slot back
            eventually(lambda node=node: _knows_master(node, target), f"{node.url} knows the new master")

    def master_of(self, slot: int) -> RedisServer:
        """The node that serves the slot."""
        ranges = cast("list[tuple[int, int, tuple[bytes, int]]]", self.nodes[0].command("CLUSTER SLOTS"))
        [port] = [master[1] for first, last, master, *_ in ranges if first <= slot <= last]
        return next(node for node in self.nodes if node.port == port)

    def flush(self) -> None:
        """Remove every key of every node."""
        for node in self.nodes:
            node.flush()

    def assert_no_key_leaks(self) -> None:
        """Fail when a key that is not listed as permanent would stay for ever."""
        for node in self.nodes:
            node.assert_no_key_leaks()

    def kill(self) -> None:
        """Kill every node at once; the keys are gone."""
        for node in self.nodes:
            node.kill()


def _cluster_node(directory: Path, settings: Mapping[str, str], password: str | None) -> RedisServer:
    directory.mkdir()
    return RedisServer(directory, settings, password, cluster=True)


def _form(nodes: Sequence[RedisServer]) -> None:
    """Join the nodes and wait until each knows all slots as served."""
    form_cluster([node.client for node in nodes], [node.port for node in nodes])
    for node in nodes:
        eventually(lambda node=node: is_complete(node.client, len(nodes)), f"{node.url} knows a complete cluster")


def _knows(node: RedisServer, size: int) -> bool:
    facts = cast("dict[str, str]", node.command("CLUSTER INFO"))
    return facts["cluster_state"] == "ok" and facts["cluster_known_nodes"] == str(size)


def _id_of(node: RedisServer) -> str:
    return cast("bytes", node.command("CLUSTER MYID")).decode()


def _knows_master(node: RedisServer, master: RedisServer) -> bool:
    """Whether the node knows a master's latest claim to its slots."""
    latest = cast("dict[str, str]", master.command("CLUSTER INFO"))["cluster_my_epoch"]
    known = cast("dict[str, dict[str, str]]", node.command("CLUSTER NODES"))
    return known[f"127.0.0.1:{master.port}"]["epoch"] == latest
