from ingest.kafka.commits import PendingCommits


def pending(**offsets: int) -> PendingCommits:
    """Commits of these partitions that were requested once."""
    made = PendingCommits()
    made.add({int(name[1:]): offset for name, offset in offsets.items()})
    made.requested()
    return made


def test_an_acknowledged_commit_is_settled() -> None:
    commits = pending(p0=5)
    assert not commits.settled
    commits.answered({0: 5})
    assert commits.settled


def test_a_failed_commit_must_be_repeated() -> None:
    commits = pending(p0=5, p1=7)
    assert not commits.must_be_repeated, "the request may still succeed"
    commits.answered({})
    assert commits.must_be_repeated
    assert commits.offsets == {0: 5, 1: 7}


def test_a_later_request_names_what_an_earlier_one_has_not_settled() -> None:
    commits = pending(p0=5, p1=7)
    commits.add({0: 6})
    commits.requested()
    assert commits.offsets == {0: 6, 1: 7}
    commits.answered({0: 5, 1: 7})
    assert commits.offsets == {0: 6}
    commits.answered({0: 6})
    assert commits.settled


def test_partitions_of_another_member_are_not_committed() -> None:
    commits = pending(p0=5, p1=7)
    commits.drop([0, 3])
    assert commits.offsets == {1: 7}
    commits.answered({0: 5, 1: 7})
    assert commits.settled
