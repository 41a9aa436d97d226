"""Rounds of a worker on two masters in memory, by a clock that a test sets."""

from collections.abc import Mapping

import pytest
from prometheus_client import CollectorRegistry

from common.errors import StoreUnavailable
from common.store.client import StoreClient
from common.store.commands import NodeCommand, pack
from common.store.marks import MarkKind, Tenure
from ingest.write.marks.keeper import MarkKeeper
from ingest.write.marks.nodes import MarkedTopic
from ingest.write.metrics import MarkMetrics
from tests.support.fakes.memory_redis import MemoryCluster, MemoryNode

LINEAGE, BUCKETS = "a" * 16, 4
TOPIC = MarkedTopic(MarkKind.POSTS, "posts", 3600)


class Worker:
    """Its keeper and its client. position: of partition 0, its only one."""

    def __init__(self, cluster: MemoryCluster) -> None:
        self.registry = CollectorRegistry()
        self.client = StoreClient("redis://redis:1", BUCKETS, 1, reads_tenures=True)
        self.now = 100.0
        self.keeper = MarkKeeper(
            *(self.client, BUCKETS, TOPIC, MarkMetrics(self.registry)), clock=lambda: 1000, monotonic=lambda: self.now
        )
        self.cluster = cluster
        self.position = 10
        self.gain(10)

    def gain(self, start: int, *, is_replay: bool = False) -> None:
        self.position = start
        self.keeper.gained({0: (start, start, is_replay, "")})

    def write(self, events: int = 1) -> None:
        """Write to all buckets; what they hold does not matter here."""
        replies = self.client.run([NodeCommand(bucket, pack((b"HGETALL", b"x"))) for bucket in range(BUCKETS)])
        if failed := next((reply for reply in replies if isinstance(reply, StoreUnavailable)), None):
            raise failed
        self.position += events

    def keep(self, seconds: float = 1.0) -> Mapping[int, int]:
        """Let this time pass before."""
        self.now += seconds
        return self.keeper.keep({0: self.position}, LINEAGE)

    def replay(self, replays: Mapping[int, int]) -> None:
        """The partition goes and comes back, up to where it was."""
        position = self.position
        self.keeper.lost([0])
        self.gain(replays[0], is_replay=True)
        self.write(position - replays[0])

    def whole(self, bucket: int) -> bool:
        node = self.cluster.node_of(bucket)
        tenure = Tenure(node.run_id, node.replid, node.former_replid, node.node_id, is_master=True)
        marks = node.marks(bucket)
        return bool(marks) and all(mark.is_whole(tenure.stamp(LINEAGE)) for mark in marks.values())

    def counted(self, metric: str, reason: str) -> float | None:
        return self.registry.get_sample_value(f"post_store_{metric}_total", {"reason": reason})


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> MemoryCluster:
    return MemoryCluster(monkeypatch, BUCKETS, LINEAGE)


@pytest.fixture
def worker(cluster: MemoryCluster) -> Worker:
    made = Worker(cluster)
    made.write()
    assert made.keep() == {}
    assert all(made.whole(bucket) for bucket in range(BUCKETS))
    return made


def kill(cluster: MemoryCluster, number: int) -> MemoryNode:
    cluster.nodes[number].down = True
    return cluster.nodes[number]


def test_a_failover_that_lost_nothing_is_confirmed_as_soon_as_it_is_written_to(
    worker: Worker, cluster: MemoryCluster
) -> None:
    """Failed rounds before it must not delay the first that can succeed."""
    former = kill(cluster, 1)
    worker.now += 1
    with pytest.raises(StoreUnavailable):
        worker.write(0)
    worker.keeper.observe()
    cluster.promote(1, former.replica(3))
    worker.write(0)
    worker.keep(0.1)
    assert all(worker.whole(bucket) for bucket in range(BUCKETS))


def test_a_failed_round_is_tried_again_after_a_second(worker: Worker, cluster: MemoryCluster) -> None:
    former = kill(cluster, 1)
    worker.keep()
    cluster.promote(1, former.replica(3))
    worker.keep(0.5)
    assert not worker.whole(1)
    worker.keep(0.5)
    assert worker.whole(1)


def test_a_master_that_handed_over_is_followed_in_the_same_round(worker: Worker, cluster: MemoryCluster) -> None:
    """A worker that writes nothing finds no error that would make it look for another master."""
    former = cluster.nodes[1]
    cluster.promote(1, former.replica(3))
    former.is_master, former.replid = False, cluster.nodes[1].replid
    worker.keep()
    assert all(worker.whole(bucket) for bucket in range(BUCKETS))


def test_writes_since_the_last_round_are_repeated_after_a_failover(worker: Worker, cluster: MemoryCluster) -> None:
    worker.write(5)
    cluster.promote(1, kill(cluster, 1).replica(3))
    assert worker.keep() == {}
    replays = worker.keep()
    assert replays == {0: 11}
    assert [worker.whole(bucket) for bucket in range(BUCKETS)] == [True, False, True, False]
    worker.replay(replays)
    worker.keep(0.1)
    assert all(worker.whole(bucket) for bucket in range(BUCKETS))
    assert (worker.counted("losses", "older"), worker.counted("replays", "unconfirmed")) == (0, 1)
