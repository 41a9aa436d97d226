"""Workers come and go, which takes nothing out of the store."""

import time

from tests.chaos.losses.rig import Rig
from tests.chaos.losses.scene import Limits, Moments, Plan, Scene, hold
from tests.chaos.losses.stores import cluster_without_replicas, single
from tests.support.wait import eventually


def restart_workers(rig: Rig) -> Moments:
    """One after the other ends and is replaced."""
    began = time.monotonic()
    for number in range(len(rig.workers)):
        assert rig.workers[number].terminate() == 0
        rig.workers[number] = rig.start_worker(rig.groups[0])
        rig.workers[number].wait_until_ready()
    return Moments(began, time.monotonic(), "each worker replaced")


def rebalance(rig: Rig) -> Moments:
    """A third worker joins and leaves, three times, the last time without a word."""
    began = time.monotonic()
    for number in range(3):
        third = rig.start_worker(rig.groups[0])
        third.wait_until_ready()
        eventually(lambda: len([share for share in rig.kafka.shares(rig.groups[0]) if share]) == 3, "three shares")
        hold(rig, 1)
        if number == 2:
            third.kill()
        else:
            third.terminate()
    return Moments(began, time.monotonic(), "a third worker came and went three times")


def kill_all_workers(rig: Rig) -> Moments:
    """All workers are killed at once, and others take over."""
    began = time.monotonic()
    for worker in rig.workers:
        worker.kill()
    rig.workers[:] = [rig.start_worker(rig.groups[0]) for _ in rig.workers]
    for worker in rig.workers:
        worker.wait_until_ready()
    return Moments(began, time.monotonic(), "all workers killed and started again")


_HARMLESS = Limits(noticed=False, reduced_seconds=-1)

SCENES = [
    Scene("rolling", "workers restart one after the other", single, restart_workers, _HARMLESS),
    Scene("rebalance", "a worker joins and leaves", cluster_without_replicas, rebalance, _HARMLESS),
    Scene("killed-workers", "all workers are killed", single, kill_all_workers, _HARMLESS, Plan(rate=500)),
]
