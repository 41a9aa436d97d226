"""Rounds of a worker on two masters in memory, by a clock that a test sets."""

from collections.abc import Mapping, Sequence

import pytest
from prometheus_client import CollectorRegistry

from common.errors import StoreUnavailable
from common.post import LightPost
from common.store.address import Node
from common.store.client import StoreClient
from common.store.commands import NodeCommand, pack
from common.store.keys import META
from common.store.marks import MarkKind, Tenure
from ingest.batch import Message
from ingest.events import Dropped, DropReason
from ingest.post_row import PostRow, create_row, delete_row
from ingest.write.marks.keeper import MarkKeeper
from ingest.write.marks.nodes import MarkedTopic
from ingest.write.metrics import MarkMetrics
from tests.support.fakes.memory_redis import MemoryCluster, MemoryNode

LINEAGE, BUCKETS = "a" * 16, 4
NOW = 1_790_000_000
DROPPED = Dropped(DropReason.EXPIRED)
TOPIC = MarkedTopic(MarkKind.POSTS, "posts", 3600)


class Worker:
    """Its keeper and its client. position: of partition 0, its only one."""

    def __init__(self, cluster: MemoryCluster) -> None:
        self.registry = CollectorRegistry()
        self.client = StoreClient("redis://redis:1", BUCKETS, 1, reads_tenures=True)
        self.now = 100.0
        self.keeper = MarkKeeper(
            *(self.client, BUCKETS, TOPIC, MarkMetrics(self.registry), self._lacking, self._note_replay),
            clock=lambda: NOW,
            monotonic=lambda: self.now,
        )
        self.replays_begun = 0
        self.gone: set[int] = set()
        self.looked_for: list[int] = []
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

    def examine(self, *offsets: int, created_at: int = NOW - 100, sent_at: int = NOW - 99) -> None:
        """Posts of these offsets, which are their ids, are about to be written."""
        rows = [create_row(LightPost(offset, 1, created_at)) for offset in offsets]
        outcomes = [(Message(0, row.post_id, b"", sent_at * 1000), row) for row in rows]
        self.keeper.examine([*outcomes, (Message(0, 1, b""), delete_row(1)), (Message(0, 2, b""), DROPPED)], NOW)

    def _lacking(self, rows: Sequence[PostRow]) -> Mapping[Node, int]:
        self.looked_for += [row.post_id for row in rows]
        gone = len(self.gone.intersection(row.post_id for row in rows))
        return {self.cluster.nodes[1].node: gone} if gone else {}

    def _note_replay(self) -> None:
        self.replays_begun += 1

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


def test_a_registry_that_is_lost_is_not_taken_for_empty(worker: Worker, cluster: MemoryCluster) -> None:
    """The partition would be taken for new, and all of it for stored, on the node that has lost it."""
    meta = cluster.nodes[0].hashes[META]
    cluster.nodes[0].restart(empty=True)
    worker.keeper.lost([0])
    worker.gain(worker.position)
    assert worker.keep() == {}
    assert not worker.whole(0)
    cluster.nodes[0].hashes[META] = meta
    assert worker.keep() == {0: 0}
    assert worker.counted("losses", "missing") == 1
    assert [worker.whole(bucket) for bucket in range(BUCKETS)] == [False, True, False, True]


@pytest.fixture
def suspicious(worker: Worker, cluster: MemoryCluster) -> Worker:
    """The second master has restarted with all of its marks: what was applied up to 15 is read again from 11."""
    worker.write(5)
    worker.keep()
    assert worker.position == 16
    cluster.nodes[1].restart()
    assert worker.keep() == {0: 11}
    worker.keeper.lost([0])
    return worker


def test_posts_that_are_gone_prove_a_loss_that_the_marks_do_not_show(
    suspicious: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    suspicious.gain(11, is_replay=True)
    suspicious.gone = {12, 14, 15}
    suspicious.examine(11)
    assert suspicious.counted("losses", "older") == 0
    suspicious.examine(12, 13, 14)
    suspicious.examine(15, 16)
    assert suspicious.looked_for == [11, 12, 13, 14, 15]
    assert suspicious.counted("losses", "older") == 1
    [line] = [record.getMessage() for record in caplog.records if "lost writes" in record.getMessage()]
    assert line.startswith("Store lost writes (older): Redis redis:2, partitions [0] of posts, ")


def test_nothing_is_looked_for_once_the_replay_has_passed(suspicious: Worker) -> None:
    suspicious.gain(11, is_replay=True)
    suspicious.write(5)
    suspicious.keep(0.1)
    suspicious.examine(15)
    assert suspicious.looked_for == []


def test_nothing_is_looked_for_without_a_suspicion(worker: Worker) -> None:
    worker.examine(10)
    assert worker.looked_for == []


def test_a_partition_that_another_worker_read_meanwhile_is_not_in_doubt(suspicious: Worker) -> None:
    suspicious.gain(16)
    suspicious.examine(11)
    assert suspicious.looked_for == []


def test_posts_that_may_have_been_dropped_or_have_expired_prove_nothing(suspicious: Worker) -> None:
    suspicious.gain(11, is_replay=True)
    suspicious.examine(11, created_at=NOW, sent_at=NOW - 1)
    suspicious.examine(12, created_at=NOW - 1900, sent_at=NOW - 1899)
    assert suspicious.looked_for == []


def test_the_writer_hears_of_each_replay_before_it_begins(worker: Worker, cluster: MemoryCluster) -> None:
    assert worker.replays_begun == 0
    cluster.nodes[1].restart(empty=True)
    assert worker.keep() == {0: 0}
    assert worker.replays_begun == 1


def test_a_loss_that_the_marks_show_is_counted_once(worker: Worker, cluster: MemoryCluster) -> None:
    cluster.nodes[1].restart(empty=True)
    assert worker.keep() == {0: 0}
    worker.keeper.lost([0])
    worker.gain(0, is_replay=True)
    worker.gone = {5}
    worker.examine(5)
    assert worker.looked_for == []
    assert (worker.counted("losses", "missing"), worker.counted("losses", "older")) == (1, 0)


def test_a_node_whose_loss_is_known_is_not_reported_again(worker: Worker, cluster: MemoryCluster) -> None:
    """The marks of partition 0 are gone, and a post of partition 1, whose marks are there."""
    worker.keeper.gained({1: (50, 50, False, "")})
    worker.write(5)
    worker.keep()
    worker.now += 1
    worker.keeper.keep({0: worker.position, 1: 55}, LINEAGE)
    for marks in cluster.nodes[1].hashes.values():
        del marks[b"posts:0"]
    cluster.nodes[1].restart()
    assert worker.keep() == {0: 0, 1: 50}
    worker.keeper.lost([0, 1])
    worker.keeper.gained({1: (50, 50, True, "")})
    worker.gone = {52}
    row = create_row(LightPost(52, 1, NOW - 100))
    worker.keeper.examine([(Message(1, 52, b"", NOW * 1000), row)], NOW)
    assert worker.looked_for == [52]
    assert (worker.counted("losses", "missing"), worker.counted("losses", "older")) == (1, 0)


def test_a_new_worker_finds_what_was_lost_below_its_commit(cluster: MemoryCluster) -> None:
    first = Worker(cluster)
    first.write()
    first.keep()
    cluster.nodes[1].restart()
    worker = Worker(cluster)
    worker.keeper.lost([0])
    worker.gain(20)
    replays = worker.keep()
    assert replays == {0: 11}
    worker.keeper.lost([0])
    worker.gain(11, is_replay=True)
    worker.gone = {19}
    worker.examine(19, 20)
    assert (worker.looked_for, worker.counted("losses", "older")) == ([19], 1)
