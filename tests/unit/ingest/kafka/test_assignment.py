from ingest.kafka.assignment import Assignment, AssignmentChanges
from ingest.kafka.catch_up import OffsetRange


def test_a_partition_with_a_commit_is_ready_at_once() -> None:
    assignment = Assignment()
    assignment.assigned([0])
    assignment.started({0: OffsetRange(5, 9)}, without_commit=())
    assert assignment.ready == {0}
    assert assignment.take_changes() == AssignmentChanges({0: OffsetRange(5, 9)}, frozenset())
    assert assignment.take_changes() == AssignmentChanges({}, frozenset())


def test_a_partition_is_ready_once_its_start_is_committed() -> None:
    assignment = Assignment()
    assignment.assigned([0, 1])
    assignment.started({0: OffsetRange(5, 9), 1: OffsetRange(7, 7)}, without_commit=[1])
    assert assignment.ready == {0}
    assert not assignment.start_offsets_committed
    assert 1 not in assignment.take_changes().gained
    assert assignment.committed({1: 7}) == {1}
    assert assignment.take_changes().gained == {1: OffsetRange(7, 7)}
    assert assignment.ready == assignment.owned == {0, 1}
    assert assignment.start_offsets_committed


def test_commits_of_other_offsets_make_nothing_ready() -> None:
    assignment = Assignment()
    assignment.assigned([1])
    assignment.started({1: OffsetRange(7, 7)}, without_commit=[1])
    assert assignment.committed({1: 6, 2: 7}) == frozenset()
    assert assignment.ready == frozenset()


def test_a_partition_that_comes_and_goes_unseen_is_only_lost() -> None:
    assignment = Assignment()
    assignment.assigned([0, 1])
    assignment.started({0: OffsetRange(5, 9), 1: OffsetRange(0, 0)}, without_commit=[1])
    assignment.revoked([0, 1])
    assert assignment.take_changes() == AssignmentChanges({}, frozenset({0, 1}))
    assert assignment.owned == frozenset()
    assert assignment.start_offsets_committed


def test_a_partition_that_goes_and_comes_back_is_both() -> None:
    assignment = Assignment()
    assignment.assigned([0])
    assignment.started({0: OffsetRange(5, 9)}, without_commit=())
    assignment.take_changes()
    assignment.revoked([0])
    assignment.assigned([0])
    assignment.started({0: OffsetRange(6, 9)}, without_commit=())
    assert assignment.take_changes() == AssignmentChanges({0: OffsetRange(6, 9)}, frozenset({0}))


def test_an_empty_assignment_is_one() -> None:
    assignment = Assignment()
    assert not assignment.start_offsets_committed
    assignment.assigned([])
    assert assignment.start_offsets_committed


def test_a_partition_without_a_known_start_is_not_ready() -> None:
    assignment = Assignment()
    assignment.assigned([0, 1])
    assignment.started({0: OffsetRange(5, 9)}, without_commit=())
    assert (assignment.owned, assignment.ready) == ({0, 1}, {0})
    assert assignment.unstarted.keys() == {1}
    assert not assignment.start_offsets_committed
    assert assignment.take_changes().gained == {0: OffsetRange(5, 9)}


def test_each_assignment_of_a_partition_has_its_number() -> None:
    assignment = Assignment()
    assignment.assigned([0])
    first = assignment.unstarted
    assignment.revoked([0])
    assert assignment.unstarted == {}
    assignment.assigned([0])
    assert assignment.unstarted != first


def test_a_forgotten_start_is_replaced_by_the_next() -> None:
    assignment = Assignment()
    assignment.assigned([0, 1])
    assignment.started({0: OffsetRange(5, 9), 1: OffsetRange(7, 7)}, without_commit=[1])
    assert assignment.restart() == {1}
    assert assignment.committed({1: 7}) == frozenset()
    assignment.started({1: OffsetRange(6, 9)}, without_commit=())
    assert assignment.ready == {0, 1}
    assert assignment.take_changes().gained[1] == OffsetRange(6, 9)
