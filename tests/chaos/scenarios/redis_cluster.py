"""A Redis Cluster loses what one of its masters had acknowledged, or only changes its masters."""

import time
from collections.abc import Callable
from typing import cast

from redis.exceptions import RedisError

from tests.chaos.losses.rig import Rig
from tests.chaos.losses.scene import Fault, Limits, Moments, Scene, hold
from tests.chaos.losses.stores import LossyCluster, cluster_with_replicas, cluster_without_replicas
from tests.support.redis.replicated_cluster import ClusterNode
from tests.support.wait import eventually

_RESTORED = "the layout is restored"


def cluster_of(rig: Rig) -> LossyCluster:
    assert isinstance(rig.store, LossyCluster)
    return rig.store


def promote_late_replica(rig: Rig, master: ClusterNode, meanwhile: Callable[[], object] = bool) -> Moments:
    """Cut the replica off, kill the master three seconds later, and wait until the replica has its place.

    meanwhile: is done once the replica is cut off.
    """
    cluster = cluster_of(rig)
    replica = cluster.replica_of(master)
    with master.link.held_still(replicas_alone=True):
        meanwhile()
        hold(rig, 3)
        lost = master.replicated - replica.replicated
        began = time.monotonic()
        master.server.kill()
        restored = wait_for_promotion(replica)
    assert lost, "the load writes to this master"
    return Moments(began, restored, f"{replica} promoted, {lost} bytes behind")


def wait_for_promotion(replica: ClusterNode) -> float:
    """Until the replica answers for the slots; the time of it."""
    eventually(lambda: replica.role == "master" and replica.holds_slots, "a promotion", 30)
    facts = cast("Callable[[], dict[str, str]]", lambda: replica.server.command("CLUSTER INFO"))
    eventually(lambda: facts()["cluster_state"] == "ok", "a promoted master that answers", 30)
    return time.monotonic()


def late_replica(*, of_meta: bool) -> Fault:
    return lambda rig: promote_late_replica(rig, cluster_of(rig).master(of_meta=of_meta))


def return_empty(*, of_meta: bool) -> Fault:
    """A master restarts without its data, before anything takes its place."""

    def fault(rig: Rig) -> Moments:
        node, began = cluster_of(rig).master(of_meta=of_meta), time.monotonic()
        before = cast("int", node.server.command("DBSIZE"))
        node.server.restart()
        eventually(lambda: _is_well(node), "a node that answers", 30)
        return Moments(began, time.monotonic(), f"{node} lost its {before} keys")

    return fault


def flush_node(*, of_meta: bool) -> Fault:
    def fault(rig: Rig) -> Moments:
        node, began = cluster_of(rig).master(of_meta=of_meta), time.monotonic()
        before = cast("int", node.server.command("DBSIZE"))
        node.server.flush()
        return Moments(began, time.monotonic(), f"FLUSHALL of {before} keys on {node}")

    return fault


def restoring_the_layout(fault: Fault) -> Fault:
    """A worker writes the lost layout again, so that the other nodes stay in use."""

    def restored(rig: Rig) -> Moments:
        moments = fault(rig)
        eventually(lambda: any(_RESTORED in worker.output() for worker in rig.workers), "a restored layout", 30)
        return moments

    return restored


def change_masters(rig: Rig) -> Moments:
    """Every replica takes the place of its master, which waits until the replica is in step."""
    cluster, began = cluster_of(rig), time.monotonic()
    for master in cluster.masters:
        replica = cluster.replica_of(master)
        replica.server.command("CLUSTER FAILOVER")
        wait_for_promotion(replica)
    return Moments(began, time.monotonic(), "all three masters changed, in order")


def kill_master_in_step(rig: Rig) -> Moments:
    """A master dies after its replica has received everything."""
    cluster = cluster_of(rig)
    master = cluster.master(of_meta=False)
    replica = cluster.replica_of(master)
    master.server.command("CLIENT PAUSE", 10_000, "WRITE")
    eventually(lambda: replica.replicated == master.replicated, "a replica in step")
    began = time.monotonic()
    master.server.kill()
    return Moments(began, wait_for_promotion(replica), f"{replica} promoted, in step")


def kill_connections_of_all(rig: Rig) -> Moments:
    began = time.monotonic()
    commands = ("CLIENT KILL", "TYPE", "normal", "SKIPME", "yes")
    killed = sum(cast("int", server.command(*commands)) for server in cluster_of(rig).data_servers())
    return Moments(began, time.monotonic(), f"{killed} connections killed")


SCENES = [
    Scene("cluster-late", "a late replica is promoted", cluster_with_replicas, late_replica(of_meta=False)),
    Scene("cluster-late-meta", "the same, with the layout", cluster_with_replicas, late_replica(of_meta=True)),
    Scene("cluster-empty", "one of three masters returns empty", cluster_without_replicas, return_empty(of_meta=False)),
    Scene(
        *("cluster-empty-meta", "the one with the layout returns empty"),
        *(cluster_without_replicas, restoring_the_layout(return_empty(of_meta=True))),
    ),
    Scene("cluster-flush", "FLUSHALL of one of three masters", cluster_without_replicas, flush_node(of_meta=False)),
    Scene(
        *("cluster-flush-meta", "FLUSHALL of the one with the layout"),
        *(cluster_without_replicas, restoring_the_layout(flush_node(of_meta=True))),
    ),
    Scene("cluster-handover", "masters change in order", cluster_with_replicas, change_masters, Limits(False, 2)),
    Scene(
        *("cluster-in-step", "a master dies, nothing is lost"),
        *(cluster_with_replicas, kill_master_in_step, Limits(False, 2)),
    ),
    Scene(
        *("cluster-connections", "CLIENT KILL on all masters"),
        *(cluster_with_replicas, kill_connections_of_all, Limits(False, -1)),
    ),
]


def _is_well(node: ClusterNode) -> bool:
    try:
        return cast("dict[str, str]", node.server.command("CLUSTER INFO"))["cluster_state"] == "ok"
    except RedisError:
        return False
