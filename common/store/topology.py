"""Node of each bucket: one server, or the masters of a Redis Cluster. Callers read it again after a failure."""

import re
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, cast

import redis
from redis.crc import key_slot
from redis.exceptions import RedisError

from common.errors import ConfigurationError, StoreUnavailable
from common.store.address import Address, Node
from common.store.commands import pack
from common.store.keys import META, bucket_tag
from common.store.node_client import entry_client, sentinel_client

READ_CLUSTER_NODES = pack((b"CLUSTER", b"NODES"))

_MakeClient = Callable[[Address, Node, float], redis.Redis]

_OPEN_SLOT = re.compile(r"\[(\d+)-[<>]-(\w+)\]")


class Topology(NamedTuple):
    """Nodes, and the node of every bucket and of the store's own keys (meta, status) as an index into them.

    run_id: of the server, when it is one alone; it tells servers apart that share an address. Empty for a cluster.
    """

    nodes: tuple[Node, ...]
    node_of_bucket: tuple[int, ...]
    node_of_meta: int
    run_id: str = ""

    @property
    def is_cluster(self) -> bool:
        """Whether a call must keep to one bucket."""
        return not self.run_id

    def buckets_of_nodes(self) -> list[tuple[int, ...]]:
        """The buckets of each node."""
        buckets: list[list[int]] = [[] for _ in self.nodes]
        for bucket, node in enumerate(self.node_of_bucket):
            buckets[node].append(bucket)
        return [tuple(of_node) for of_node in buckets]


class TopologyReader:
    """Finds the nodes through the address, each time from the start: Sentinel, DNS and seeds may lead elsewhere now.

    The entry that answered last is asked first, the known masters of a cluster last. For any thread.
    """

    def __init__(self, address: Address, buckets: int, timeout_seconds: float) -> None:
        self._address = address
        self._buckets = buckets
        self._timeout = timeout_seconds
        self._entries = address.hosts
        self._known: tuple[Node, ...] = ()
        self._idle: dict[tuple[_MakeClient, Node], redis.Redis] = {}

    def read(self) -> Topology:
        """Ask the entries in turn for the master. Of several servers, a replica counts when none is a master. Blocks.

        StoreUnavailable when none answers; ConfigurationError when the address does not fit what it leads to.
        """
        failure: Exception | None = None
        replica: Topology | None = None
        for entry in dict.fromkeys((*self._entries, *self._known)):
            try:
                topology, is_master = self._read_from(self._master(entry))
            except (RedisError, StoreUnavailable) as error:
                failure = error
                continue
            if is_master:
                self._entries = tuple(dict.fromkeys((entry, *self._address.hosts)))
                self._known = () if topology.run_id or self._address.service else topology.nodes
                return topology
            replica = replica or topology
        if replica and not self._address.service:
            return replica
        raise StoreUnavailable(
            f"Sentinel names {replica.nodes[0]} as the master, which is a replica"
            if replica
            else f"Redis does not answer: {failure}"
        ) from failure

    @contextmanager
    def _connected(self, make: _MakeClient, node: Node) -> Generator[redis.Redis]:
        """A client with a connection of its own, kept without it: each is 100 kB that only the collector frees."""
        client = self._idle.pop((make, node), None) or make(self._address, node, self._timeout)
        try:
            yield client
        finally:
            client.close()
            self._idle[make, node] = client

    def _master(self, entry: Node) -> Node:
        """The entry itself, or the server that it names as the master when it is a Sentinel."""
        service = self._address.service
        if service is None:
            return entry
        with self._connected(sentinel_client, entry) as sentinel:
            command = "SENTINEL GET-MASTER-ADDR-BY-NAME"
            named = cast("Sequence[bytes | str] | None", sentinel.execute_command(command, service))
        if not named:
            raise StoreUnavailable(f"Sentinel {entry} watches no service {service}")
        host, port = (word.decode() if isinstance(word, bytes) else str(word) for word in named)
        return Node(host, int(port))

    def _read_from(self, node: Node) -> tuple[Topology, bool]:
        """Topology by this server, and whether it is a master or belongs to a cluster."""
        with self._connected(entry_client, node) as client:
            info = client.info()
            if not info.get("cluster_enabled"):
                run_id = str(info.get("run_id", ""))
                return Topology((node,), (0,) * self._buckets, 0, run_id), info.get("role") != "slave"
            if self._address.database:
                raise ConfigurationError("redis_url: option db: a Redis Cluster has database 0 only")
            ranges = cast("list[list[Any]]", client.execute_command("CLUSTER SLOTS"))
        return cluster_topology(ranges, node.host, self._buckets), True


def open_slots(nodes: bytes) -> dict[int, str]:
    """Slots on the way from or to the asked node, each with the id of the other end, by its reply to CLUSTER NODES."""
    own = next((line for line in nodes.decode().splitlines() if "myself" in line), "")
    found = (_OPEN_SLOT.fullmatch(word) for word in own.split()[8:])
    return {int(match[1]): match[2] for match in found if match}


def cluster_topology(ranges: list[list[Any]], asked_host: str, buckets: int) -> Topology:
    """Parse the reply to CLUSTER SLOTS: [first slot, last slot, [host, port, ...] of the master, ...] per range."""
    nodes: list[Node] = []
    slots = [-1] * 16384
    for first, last, master, *_ in ranges:
        node = Node((master[0] or b"").decode() or asked_host, int(master[1]))
        if node not in nodes:
            nodes.append(node)
        slots[first : last + 1] = [nodes.index(node)] * (last + 1 - first)
    if -1 in slots:
        raise StoreUnavailable(f"Redis Cluster serves no master for slot {slots.index(-1)}")
    node_of_bucket = tuple(slots[key_slot(bucket_tag(bucket))] for bucket in range(buckets))
    return Topology(tuple(nodes), node_of_bucket, slots[key_slot(META)])
