"""Custody of a bucket that moves between the nodes of a cluster."""

from common.store.marks import Mark, Tenure
from ingest.write.marks.memory import BucketMemory, CustodyReport, NodeHistory, custody_of
from ingest.write.marks.rules import Custody

NONE = "0" * 40
A, B, C = (Tenure(letter * 40, letter * 40, NONE, letter * 40, is_master=True) for letter in "abc")
A_RESTARTED = A._replace(run_id="d" * 40, replid="d" * 40)
A_REPLICA = Tenure("e" * 40, "e" * 40, A.replid, "e" * 40, is_master=True)


class Watcher:
    """One worker and one bucket; each look is a second after the one before."""

    def __init__(self) -> None:
        self.memory, self.history = BucketMemory(), NodeHistory()
        self.now = 100.0

    def look(self, at: Tenure, *others: Tenure, ends: tuple[Tenure, ...] = (), uptime: int = 0) -> None:
        self.now += 1
        self.history.looked(dict.fromkeys((at, *others), uptime), self.now)
        self.memory.looked_at(at, {end.node_id for end in ends}, self.now)

    def custody(self, at: Tenure, *unanswered: Tenure) -> CustodyReport | None:
        return custody_of(self.memory, at, self.history, {each.node_id for each in unanswered})


def kind(report: CustodyReport | None) -> Custody | None:
    return report and report.custody


def seen_at(tenure: Tenure, *others: Tenure) -> Watcher:
    watcher = Watcher()
    watcher.look(tenure, *others)
    watcher.memory.verified(tenure, watcher.now)
    return watcher


def test_a_bucket_that_stays_is_kept_over_restarts_and_promotions() -> None:
    for later in (A, A_RESTARTED, A_REPLICA):
        watcher = seen_at(A, B)
        watcher.look(later, B)
        assert watcher.custody(later) == CustodyReport(Custody.KEPT, frozenset({later}))


def test_a_bucket_that_moved_between_lasting_nodes_is_whole() -> None:
    watcher = seen_at(A, B)
    watcher.look(A, B, ends=(A, B))
    assert watcher.memory.is_open
    watcher.look(B, A)
    assert watcher.custody(B) == CustodyReport(Custody.MOVED, frozenset({A, B}))


def test_a_move_between_two_looks_is_whole_too() -> None:
    watcher = seen_at(A, B)
    watcher.look(B, A)
    assert kind(watcher.custody(B)) is Custody.MOVED


def test_an_end_that_was_replaced_makes_a_move_unsure() -> None:
    for other, bucket_is_at in ((A_RESTARTED, B), (B._replace(run_id="f" * 40), A), (A_REPLICA, B), (B, A_REPLICA)):
        watcher = seen_at(A, B)
        watcher.look(A, B, ends=(A, B))
        watcher.look(bucket_is_at, other)
        assert kind(watcher.custody(bucket_is_at)) is Custody.UNSURE


def test_an_end_that_does_not_answer_is_waited_for() -> None:
    watcher = seen_at(A, B)
    watcher.look(A, B, ends=(A, B))
    watcher.look(B)
    assert watcher.custody(B, A) is None
    assert kind(watcher.custody(B)) is Custody.UNSURE, "it is no master any more"


def test_a_bucket_that_a_new_worker_finds_on_the_way_is_unsure() -> None:
    for uptime in (0, 10_000):
        watcher = Watcher()
        watcher.look(A, B, ends=(A, B), uptime=uptime)
        watcher.look(A, B)
        assert kind(watcher.custody(A)) is Custody.UNSURE


def test_a_new_node_counts_as_lasting_since_its_process_began() -> None:
    moved, unsure = Custody.MOVED, Custody.UNSURE
    for uptime, promoted, expected in ((60, NONE, moved), (1, NONE, unsure), (60, "9" * 40, unsure)):
        watcher = seen_at(A, B)
        added = C._replace(previous_replid=promoted)
        watcher.look(added, A, B, uptime=uptime)
        assert kind(watcher.custody(added)) is expected


def test_a_bucket_is_short_until_its_mark_has_passed_the_loss() -> None:
    memory = BucketMemory()
    memory.found_true(3, Mark(5, "", 8))
    memory.reached(3, 7)
    assert memory.short_until == {3: 8}
    memory.reached(3, 8)
    assert (memory.short_until, memory.raised) == ({}, {3: 8})


def test_marks_are_verified_again_after_each_change() -> None:
    watcher = seen_at(A, B)
    watcher.memory.found_true(3, Mark(5, "", 0))
    assert not watcher.memory.needs_verifying(A, [3])
    assert watcher.memory.needs_verifying(B, [3])
    assert watcher.memory.needs_verifying(A, [3, 4])
    watcher.look(A, B, ends=(A, B))
    watcher.look(A, B)
    assert watcher.memory.needs_verifying(A, [3])
    watcher.memory.verified(A, watcher.now)
    watcher.memory.used.add(B)
    assert watcher.memory.needs_verifying(A, [3])
    watcher.memory.verified(A, watcher.now)
    assert not watcher.memory.needs_verifying(A, [3])


def test_what_was_found_true_for_another_tenure_is_not_trusted() -> None:
    watcher = seen_at(A_RESTARTED)
    report = CustodyReport(Custody.KEPT, frozenset({A}))
    assert not report.holding(watcher.memory, A, "", is_known=True).is_trusted
    assert report.holding(watcher.memory, A, "", is_known=False).is_trusted
