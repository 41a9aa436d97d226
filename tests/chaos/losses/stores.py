"""Redis servers of several shapes, behind links of a network that is theirs to disturb."""

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from redis.crc import key_slot
from redis.exceptions import RedisError

from common.store.keys import META
from tests.support.network.proxy import Link, Network
from tests.support.redis.power_loss import EVERYSEC, PowerLoss
from tests.support.redis.replicated_cluster import ClusterNode, ReplicatedCluster
from tests.support.redis.servers import NO_MORE, RedisServer


class SingleRedis:
    """One server; clients reach it through a link, workers through one of their own."""

    def __init__(self, directory: Path, network: Network, settings: Mapping[str, str] = NO_MORE) -> None:
        self._ends = ExitStack()
        self.server = RedisServer(directory, settings)
        self.link: Link = network.link(self.server.port)
        self.worker_link: Link = network.link(self.server.port)
        self.url = f"redis://127.0.0.1:{self.link.port}"
        self.worker_url = f"redis://127.0.0.1:{self.worker_link.port}"
        self.power = PowerLoss(self.server)
        if settings.get("appendonly") == "yes":
            self._ends.enter_context(self.power)

    def data_servers(self) -> list[RedisServer]:
        return [self.server]

    def close(self) -> None:
        self._ends.close()
        self.server.kill()


def single(directory: Path, network: Network) -> SingleRedis:
    """Without persistence."""
    return SingleRedis(directory, network)


def single_everysec(directory: Path, network: Network) -> SingleRedis:
    """With an append-only file, synchronised every second."""
    return SingleRedis(directory, network, EVERYSEC)


class LossyCluster(ReplicatedCluster):
    """Three masters, with a replica each or none; workers come the same way as servers."""

    def __init__(self, directory: Path, network: Network, replicas: int) -> None:
        super().__init__(directory, network, replicas=replicas)
        self.worker_url = self.url

    @property
    def masters(self) -> list[ClusterNode]:
        """Those that answer."""
        return [node for node in self.nodes if _holds_slots(node)]

    def master(self, *, of_meta: bool) -> ClusterNode:
        """The master that holds the store's own keys, or one that does not."""
        slot = key_slot(META)
        return next(node for node in self.masters if node.holds(slot) == of_meta)


def _holds_slots(node: ClusterNode) -> bool:
    with suppress(RedisError):
        return node.role == "master" and node.holds_slots
    return False


def cluster_with_replicas(directory: Path, network: Network) -> LossyCluster:
    return LossyCluster(directory, network, 1)


def cluster_for_older_workers(directory: Path, network: Network) -> LossyCluster:
    """Without replicas; workers know one address of it only."""
    cluster = LossyCluster(directory, network, 0)
    cluster.worker_url = cluster.url.partition(",")[0]
    return cluster


def cluster_without_replicas(directory: Path, network: Network) -> LossyCluster:
    return LossyCluster(directory, network, 0)
