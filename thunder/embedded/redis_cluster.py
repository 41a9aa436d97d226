"""An embedded Redis Cluster: some masters without replicas, formed with commands that Redis 6.2 has."""

import random
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import redis

from thunder.embedded.child import LOOPBACK, ChildDied, is_free
from thunder.embedded.redis_server import NOTHING_MORE, EmbeddedRedis

BUS_OFFSET = 10_000
"""The port of the cluster bus is the client port plus this."""

NODES = 3
_SLOTS = 16384
_IN_CLUSTER = {
    "cluster-enabled": "yes",
    "cluster-node-timeout": "2000",
    # The slots of the nodes that answer are served while one is away.
    "cluster-require-full-coverage": "no",
}
_LOWEST_PORT, _HIGHEST_PORT = 10_000, 22_000  # below those that outgoing connections take
_SECONDS_TO_FORM = 20.0


class EmbeddedRedisCluster:
    """Runs the nodes, which end with this process; `url` is the address of one of them, enough to find the others."""

    def __init__(self, folder: Path, more: Mapping[str, str] = NOTHING_MORE, masters: int = NODES) -> None:
        """Starts the masters, each in a folder of its own, and waits until they serve all slots.

        Raises ConfigurationError, ChildDied. more: as for EmbeddedRedis.
        """
        with ExitStack() as starting:
            self.nodes: list[EmbeddedRedis] = []
            for number in range(1, masters + 1):
                own = folder / f"redis-{number}"
                own.mkdir()
                name = f"Redis (node {number} of {masters})"
                self.nodes.append(EmbeddedRedis(own, {**_IN_CLUSTER, **more}, name, _free_port()))
                starting.callback(self.nodes[-1].stop)
            self.binary, self.url = self.nodes[0].binary, self.nodes[0].url
            _form([node.port for node in self.nodes])
            self._stopping = starting.pop_all()

    def check(self) -> None:
        """Raises ChildDied when a node has ended unexpectedly."""
        for node in self.nodes:
            node.check()

    def stop(self) -> None:
        """Stops the nodes."""
        self._stopping.close()


def form_cluster(nodes: Sequence[redis.Redis], ports: Sequence[int]) -> None:
    """Joins the nodes behind these clients and gives each its share of the slots; does not wait for the outcome."""
    for number, node in enumerate(nodes):
        _run(node, "CLUSTER SET-CONFIG-EPOCH", number + 1)
        _run(node, "CLUSTER ADDSLOTS", *range(_SLOTS * number // len(nodes), _SLOTS * (number + 1) // len(nodes)))
        for port in ports[:number]:
            _run(node, "CLUSTER MEET", LOOPBACK, port)


def is_complete(node: redis.Redis, size: int) -> bool:
    """Whether the node behind this client knows that all slots are served, by this number of masters."""
    facts = cast("dict[str, str]", _run(node, "CLUSTER INFO"))
    return facts["cluster_state"] == "ok" and facts["cluster_size"] == str(size)


def _form(ports: Sequence[int]) -> None:
    with ExitStack() as open_clients:
        clients = [open_clients.enter_context(redis.Redis(host=LOOPBACK, port=port)) for port in ports]
        form_cluster(clients, ports)
        deadline = time.monotonic() + _SECONDS_TO_FORM
        while not all(is_complete(client, len(clients)) for client in clients):
            if time.monotonic() > deadline:
                raise ChildDied(f"the nodes of Redis have not joined within {_SECONDS_TO_FORM:g} s")
            time.sleep(0.02)


def _free_port() -> int:
    """A free port for a node: the port of its bus is free as well."""
    while True:
        port = random.randint(_LOWEST_PORT, _HIGHEST_PORT)
        if is_free(port) and is_free(port + BUS_OFFSET):
            return port


def _run(client: redis.Redis, *words: str | int) -> object:
    return cast("object", client.execute_command(*words))  # pyright: ignore[reportUnknownMemberType]
