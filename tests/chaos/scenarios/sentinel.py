"""Sentinels promote a replica, late or in step."""

import time
from typing import cast

from tests.chaos.losses.rig import Rig
from tests.chaos.losses.scene import Limits, Moments, Scene, hold
from tests.chaos.losses.sentinels import AnnouncedRedis, WatchedPair
from tests.support.wait import eventually


def pair_of(rig: Rig) -> WatchedPair:
    assert isinstance(rig.store, WatchedPair)
    return rig.store


def promote_late_replica(rig: Rig) -> Moments:
    """Cut the replica off and kill the master three seconds later."""
    pair = pair_of(rig)
    with pair.first.link.held_still(replicas_alone=True):
        hold(rig, 3)
        lost = _offset(pair.first) - _offset(pair.second)
        began = time.monotonic()
        pair.first.server.kill()
        eventually(pair.second.is_master, "a promotion", 30)
        restored = time.monotonic()
    assert lost, "the load writes"
    return Moments(began, restored, f"the replica promoted, {lost} bytes behind")


def promote_replica_in_step(rig: Rig) -> Moments:
    """The master dies after the replica has received everything."""
    pair = pair_of(rig)
    pair.first.server.command("CLIENT PAUSE", 10_000, "WRITE")
    eventually(lambda: _offset(pair.first) == _offset(pair.second), "a replica in step")
    began = time.monotonic()
    pair.first.server.kill()
    eventually(pair.second.is_master, "a promotion", 30)
    return Moments(began, time.monotonic(), "the replica promoted, in step")


def return_the_old_master(rig: Rig) -> Moments:
    """A late replica is promoted; then the old master is back, empty, and becomes its replica."""
    moments, pair = promote_late_replica(rig), pair_of(rig)
    pair.first.server.restart()
    eventually(lambda: pair.first.replication().get("master_link_status") == "up", "a demoted master", 90)
    return moments


SCENES = [
    Scene("sentinel-late", "Sentinel promotes a late replica", WatchedPair, promote_late_replica),
    Scene("sentinel-back", "the same, and the old master comes back", WatchedPair, return_the_old_master),
    Scene(
        "sentinel-in-step", "Sentinel promotes, nothing is lost", WatchedPair, promote_replica_in_step, Limits(False, 2)
    ),
]


def _offset(each: AnnouncedRedis) -> int:
    facts = each.replication()
    return cast("int", facts["master_repl_offset" if facts["role"] == "master" else "slave_repl_offset"])
