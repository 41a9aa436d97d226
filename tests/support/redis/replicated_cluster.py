"""A real Redis Cluster of three masters with a replica each, whose clients come through links that a test can disturb.

A replica, too, reaches its master through the link: a test can cut it off while clients go on writing.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import cast

from redis.exceptions import BusyLoadingError, RedisError

from tests.support.network.proxy import Link, Network
from tests.support.redis.servers import NO_MORE, RedisServer, free_cluster_port
from tests.support.wait import eventually
from thunder.embedded.redis_cluster import BUS_OFFSET

SLOTS = 16_384
SETTINGS = {
    "cluster-node-timeout": "2000",  # a dead master is replaced within about four seconds
    "cluster-replica-validity-factor": "0",  # a replica takes over however late it is
    "cluster-require-full-coverage": "no",
    "repl-diskless-sync-delay": "0",
    "repl-timeout": "60",
}


class ClusterNode:
    """server: the process, whose port goes past the link. link: the way of clients and replicas to it."""

    def __init__(self, directory: Path, network: Network, settings: Mapping[str, str]) -> None:
        directory.mkdir(parents=True)
        self.directory = directory
        port = free_cluster_port()
        self.link: Link = network.link(port)
        announced = {"cluster-announce-ip": "127.0.0.1", "cluster-announce-port": str(self.link.port)}
        announced |= {"cluster-announce-bus-port": str(port + BUS_OFFSET)}
        self.server = RedisServer(directory, SETTINGS | announced | dict(settings), cluster=True, port=port)

    @property
    def id(self) -> str:
        return cast("bytes", self.server.command("CLUSTER MYID")).decode()

    @property
    def holds_slots(self) -> bool:
        return bool(self._view()["slots"])

    @property
    def master_id(self) -> str:
        """Id of the master that it is a replica of; - for a master."""
        return str(self._view()["master_id"])

    def knows(self, identity: str) -> bool:
        """Whether it has met the node of that id."""
        return any(node["node_id"] == identity for node in self._views())

    @property
    def role(self) -> str:
        """Either master or slave, as Redis has it."""
        return cast("list[bytes]", self.server.command("ROLE"))[0].decode()

    @property
    def replicated(self) -> int:
        """Bytes of the stream of writes that it has, as a master or as a replica."""
        facts = self.info("replication")
        return cast("int", facts["slave_repl_offset" if facts["role"] == "slave" else "master_repl_offset"])

    @property
    def rejected_connections(self) -> int:
        return cast("int", self.info("stats")["rejected_connections"])

    def errors(self, kind: str) -> int:
        """Answers of that error since it was started."""
        counts = self.info("errorstats").get(f"errorstat_{kind}", {"count": 0})
        return int(cast("dict[str, int]", counts)["count"])

    def holds(self, slot: int) -> bool:
        """Whether it says that it serves the slot."""
        ranges = cast("list[list[str]]", self._view()["slots"])
        return any(int(part[0]) <= slot <= int(part[-1]) for part in ranges if part[0].isdigit())

    def write_no_append_only_file(self) -> None:
        """Stop writing one. A node that was restarted and then replaced loads once more, and refuses that meanwhile."""

        def takes_it() -> bool:
            with suppress(BusyLoadingError):
                return bool(self.server.command("CONFIG SET", "appendonly", "no"))
            return False

        eventually(takes_it, f"{self} has loaded its data", 60)

    def info(self, section: str) -> dict[str, object]:
        return cast("dict[str, object]", self.server.command("INFO", section))

    def _view(self) -> dict[str, object]:
        return next(node for node in self._views() if "myself" in str(node["flags"]))

    def _views(self) -> list[dict[str, object]]:
        """The nodes as it knows them."""
        return list(cast("dict[str, dict[str, object]]", self.server.command("CLUSTER NODES")).values())

    def __str__(self) -> str:
        return f"Redis on port {self.server.port}"


class ReplicatedCluster:
    """nodes: three masters and then their replicas, as long as no test changes that. url: through the links."""

    def __init__(
        self, directory: Path, network: Network, settings: Mapping[str, str] = NO_MORE, replicas: int = 1
    ) -> None:
        """Start the nodes with their files below directory and wait until they serve all slots."""
        self.nodes = [ClusterNode(directory / str(number), network, settings) for number in range(3 * (1 + replicas))]
        self.url = "redis://" + ",".join(f"127.0.0.1:{node.link.port}" for node in self.nodes[:3])
        self._form()

    @property
    def masters(self) -> list[ClusterNode]:
        """Nodes that say that they are masters and hold slots."""
        return [node for node in self.nodes if node.role == "master" and node.holds_slots]

    def data_servers(self) -> list[RedisServer]:
        """The servers of the masters."""
        return [node.server for node in self.masters]

    def master_of(self, slot: int) -> ClusterNode:
        """The master that serves the slot."""
        return next(node for node in self.masters if node.holds(slot))

    def move_slot(self, slot: int, target: ClusterNode, meanwhile: Callable[[], object]) -> None:
        """Give a slot and its keys to another master, as a live reshard does; meanwhile() between two of its steps."""
        source = self.master_of(slot)
        target.server.command("CLUSTER SETSLOT", slot, "IMPORTING", source.id)
        source.server.command("CLUSTER SETSLOT", slot, "MIGRATING", target.id)
        while keys := cast("list[str]", source.server.command("CLUSTER GETKEYSINSLOT", slot, 20)):
            source.server.command("MIGRATE", "127.0.0.1", target.server.port, "", 0, 5000, "KEYS", *keys)
            meanwhile()
        for node in (target, source):
            node.server.command("CLUSTER SETSLOT", slot, "NODE", target.id)
        for node in self.masters:
            if node is not target and node is not source:
                node.server.command("CLUSTER SETSLOT", slot, "NODE", target.id)

    def replica_of(self, master: ClusterNode) -> ClusterNode:
        """A replica of the master. Fails when it has none."""
        identity = master.id
        for node in self.nodes:
            if node is not master and node.role == "slave" and node.master_id == identity:
                return node
        raise AssertionError(f"{master} has no replica")

    def wait_until_whole(self, timeout: float = 60.0) -> None:
        """Until all slots are served and every replica is in step with its master."""
        eventually(self._is_whole, "a whole Redis Cluster with replicas in step", timeout, interval=0.1)

    def close(self) -> None:
        """Kill every node."""
        for node in self.nodes:
            node.server.kill()

    def _form(self) -> None:
        masters, replicas = self.nodes[:3], self.nodes[3:]
        for number, node in enumerate(self.nodes):
            node.server.command("CLUSTER SET-CONFIG-EPOCH", number + 1)
            if number < 3:
                node.server.command("CLUSTER ADDSLOTS", *range(SLOTS * number // 3, SLOTS * (number + 1) // 3))
            for other in self.nodes[:number]:
                port = other.server.port
                node.server.command("CLUSTER MEET", "127.0.0.1", port, port + BUS_OFFSET)
        for number, node in enumerate(replicas):
            master = masters[number % 3].id
            eventually(lambda node=node, master=master: node.knows(master), f"{node} knows its master")
            node.server.command("CLUSTER REPLICATE", master)
        self.wait_until_whole()

    def _is_whole(self) -> bool:
        try:
            return all(self._is_in_step(node) for node in self.nodes)
        except RedisError:
            return False

    def _is_in_step(self, node: ClusterNode) -> bool:
        facts = cast("dict[str, str]", node.server.command("CLUSTER INFO"))
        if (facts["cluster_state"], facts["cluster_slots_ok"]) != ("ok", str(SLOTS)):
            return False
        return node.role == "master" or node.info("replication").get("master_link_status") == "up"
