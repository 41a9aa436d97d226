from common.timing import Backoff
from ingest.batch import Message
from ingest.kafka.commits import PendingCommits, offsets_to_commit


def pending(**offsets: int) -> PendingCommits:
    """Commits of these partitions that were requested once."""
    made = PendingCommits(Backoff(first=4, longest=100))
    made.add({int(name[1:]): offset for name, offset in offsets.items()})
    made.requested()
    return made


def test_an_acknowledged_commit_is_done() -> None:
    commits = pending(p0=5)
    assert not commits.acknowledged
    commits.answered({0: 5})
    assert commits.acknowledged


def test_a_failed_commit_must_be_repeated() -> None:
    commits = pending(p0=5, p1=7)
    assert not commits.must_be_repeated(now=0), "the request may still succeed"
    commits.failed(now=100)
    assert commits.must_be_repeated(now=104)
    assert commits.offsets == {0: 5, 1: 7}


def test_failed_commits_back_off_until_one_succeeds() -> None:
    commits = pending(p0=5)
    commits.failed(now=100)
    commits.add({0: 6})
    assert not commits.may_be_requested(now=101.99), "newer offsets wait, too"
    commits.requested()
    commits.failed(now=104)
    assert not commits.must_be_repeated(now=107.9)
    assert commits.must_be_repeated(now=112)
    commits.requested()
    commits.answered({0: 6})
    commits.add({0: 7})
    assert commits.may_be_requested(now=112)
    commits.requested()
    commits.failed(now=200)
    assert not commits.must_be_repeated(now=201.99), "the wait is as long as the first"
    assert commits.must_be_repeated(now=204)


def test_what_succeeds_of_a_request_is_not_repeated() -> None:
    commits = pending(p0=5, p1=7)
    commits.add({0: 6})
    commits.failed(now=100, committed={0: 5, 1: 7})
    assert commits.offsets == {0: 6}
    assert not commits.must_be_repeated(now=101.99)
    assert commits.must_be_repeated(now=104)


def test_a_start_waits_a_second_at_most_after_an_outage() -> None:
    commits = PendingCommits()
    commits.add({0: 5})
    for _ in range(20):
        commits.requested()
        commits.failed(now=100)
    assert commits.must_be_repeated(now=101)


def test_the_wait_after_a_failure_ends_in_time() -> None:
    commits = PendingCommits(Backoff(first=0))
    commits.add({0: 5})
    commits.requested()
    commits.failed(now=100)
    assert commits.must_be_repeated(now=100)


def test_a_final_commit_is_tried_at_once() -> None:
    commits = pending(p0=5)
    commits.failed(now=100)
    commits.hurry()
    assert commits.must_be_repeated(now=100)
    commits.requested()
    commits.failed(now=200)
    assert not commits.may_be_requested(now=201.99), "the wait is as long as the first"
    assert commits.may_be_requested(now=204)


def test_a_later_request_repeats_unacknowledged_offsets() -> None:
    commits = pending(p0=5, p1=7)
    commits.add({0: 6})
    commits.requested()
    assert commits.offsets == {0: 6, 1: 7}
    commits.answered({0: 5, 1: 7})
    assert commits.offsets == {0: 6}
    commits.answered({0: 6})
    assert commits.acknowledged


def test_partitions_of_another_member_are_not_committed() -> None:
    commits = pending(p0=5, p1=7)
    commits.drop([0, 3])
    assert commits.offsets == {1: 7}
    commits.drop([1])
    assert not commits.acknowledged, "the request is under way"
    commits.answered({0: 5, 1: 7})
    assert commits.acknowledged


def test_the_offset_after_the_last_message_is_committed() -> None:
    applied = [Message(0, 7, b""), Message(3, 100, b""), Message(0, 8, b""), Message(3, 104, None)]
    assert offsets_to_commit(applied) == {0: 9, 3: 105}


def test_a_replayed_partition_is_committed_at_its_last_message() -> None:
    assert offsets_to_commit([Message(0, 9, b""), Message(0, 4, b"")]) == {0: 5}


def test_nothing_applied_commits_nothing() -> None:
    assert offsets_to_commit([]) == {}
