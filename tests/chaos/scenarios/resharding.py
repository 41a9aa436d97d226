"""Buckets move from one master to another, and an end of the move fails meanwhile."""

import threading
import time
from contextlib import suppress

from redis.crc import key_slot
from redis.exceptions import RedisError

from tests.chaos.losses.rig import Rig
from tests.chaos.losses.scene import Fault, Limits, Moments, Plan, Scene
from tests.chaos.losses.stores import LossyCluster, cluster_with_replicas
from tests.chaos.scenarios.redis_cluster import cluster_of, promote_late_replica
from tests.support.redis.moving_slots import begin_move, finish_move, move_slot
from tests.support.redis.replicated_cluster import ClusterNode
from tests.support.wait import eventually

_BUCKETS = 256


class Moving:
    """Moves the buckets of one master to another, one after the other, in a thread of its own; used with `with`."""

    def __init__(self, cluster: LossyCluster) -> None:
        self.source = cluster.master(of_meta=False)
        self.target = next(each for each in cluster.masters if each is not self.source)
        self.moved = 0
        self._cluster = cluster
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._move, daemon=True)

    def __enter__(self) -> "Moving":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(30)

    def wait(self) -> None:
        """Until everything has moved."""
        eventually(lambda: not self._thread.is_alive(), "the end of the move", 120)

    def _move(self) -> None:
        with suppress(RedisError):  # an end dies
            for slot in bucket_slots(self.source):
                if self._ended.is_set():
                    return
                move_slot(slot, self.source, self.target, self._cluster)
                self.moved += 1


def bucket_slots(node: ClusterNode) -> list[int]:
    """Slots of the buckets that a node holds."""
    slots = {key_slot(b"w:{%d}" % bucket) for bucket in range(_BUCKETS)}
    return sorted(slot for slot in slots if node.holds(slot))


def move_everything(rig: Rig) -> Moments:
    """A clean move: nothing is lost."""
    began = time.monotonic()
    with Moving(cluster_of(rig)) as moving:
        moving.wait()
    assert moving.moved > 20
    return Moments(began, time.monotonic(), f"{moving.moved} buckets moved")


def fail_over(*, source: bool) -> Fault:
    """A late replica of an end of the move is promoted: since it was cut off three buckets have moved, and a half."""

    def fault(rig: Rig) -> Moments:
        cluster = cluster_of(rig)
        with Moving(cluster) as moving:
            eventually(lambda: moving.moved > 10, "some moved buckets", 60)
        giver, taker = moving.source, moving.target

        def move_on() -> None:
            *whole, half = bucket_slots(giver)[:4]
            for slot in whole:
                move_slot(slot, giver, taker, cluster)
            begin_move(half, giver, taker)

        end = giver if source else taker
        moments = promote_late_replica(rig, end, move_on)
        end.server.restart()
        eventually(lambda: end.role == "slave", "an old master that follows its successor", 30)
        finish_move(cluster)
        cluster.wait_until_whole()
        proof = f"{moving.moved} buckets moved, 3 since the cut, one half; {moments.proof}"
        return Moments(moments.began, time.monotonic(), proof)

    return fault


SCENES = [
    Scene(
        "reshard",
        "buckets move, nothing fails",
        cluster_with_replicas,
        move_everything,
        Limits(False, 2),
        Plan(rate=600),
    ),
    Scene("reshard-source", "the source of a move fails over", cluster_with_replicas, fail_over(source=True)),
    Scene("reshard-target", "the target of a move fails over", cluster_with_replicas, fail_over(source=False)),
]
