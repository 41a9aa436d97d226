"""Slots of a ReplicatedCluster move between masters, wholly or half."""

import subprocess
from typing import cast

from tests.support.redis.binaries import cli_binary
from tests.support.redis.replicated_cluster import ClusterNode, ReplicatedCluster
from tests.support.wait import eventually

_MIGRATE_MILLISECONDS = 5000


def begin_move(slot: int, source: ClusterNode, target: ClusterNode, keys_at_once: int = 10) -> None:
    """Open the slot on both ends and move some of its keys."""
    target.server.command("CLUSTER SETSLOT", slot, "IMPORTING", source.id)
    source.server.command("CLUSTER SETSLOT", slot, "MIGRATING", target.id)
    _migrate(slot, source, target, keys_at_once)


def move_slot(slot: int, source: ClusterNode, target: ClusterNode, cluster: ReplicatedCluster) -> None:
    """Give a slot and its keys to another master, as `redis-cli --cluster reshard` does."""
    begin_move(slot, source, target)
    while _migrate(slot, source, target, 10):
        pass
    masters = (each for each in cluster.masters if each is not source and each is not target)
    for node in (target, source, *masters):
        node.server.command("CLUSTER SETSLOT", slot, "NODE", target.id)


def finish_move(cluster: ReplicatedCluster) -> None:
    """Repair what an interrupted move left, as an operator does; the copy on the other end replaces the older one."""
    address = f"127.0.0.1:{cluster.masters[0].link.port}"
    words = [str(cli_binary()), "--cluster", "fix", address, "--cluster-replace"]

    def repaired() -> bool:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        return done.returncode == 0 and "[ERR]" not in done.stdout

    eventually(repaired, "a repaired cluster", 60, interval=0.5)


def _migrate(slot: int, source: ClusterNode, target: ClusterNode, count: int) -> int:
    keys = cast("list[str]", source.server.command("CLUSTER GETKEYSINSLOT", slot, count)) if count else []
    if keys:
        to = ("127.0.0.1", target.server.port, "", 0, _MIGRATE_MILLISECONDS)
        source.server.command("MIGRATE", *to, "KEYS", *keys)
    return len(keys)
