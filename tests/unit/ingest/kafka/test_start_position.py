import pytest

from common.settings.kafka import OffsetReset
from ingest.kafka.start_position import Commit, LineageSource, StartOffset, StartPolicy, Watermarks

HELD = Watermarks(low=30, high=90)


@pytest.mark.parametrize("reset", OffsetReset)
def test_a_commit_is_resumed_with_any_reset(reset: OffsetReset) -> None:
    assert StartPolicy(reset).start(Commit(40), HELD, "") == StartOffset(40, has_commit=True)


@pytest.mark.parametrize(
    ("reset", "offset"),
    [
        (OffsetReset.SMALLEST, 30),
        (OffsetReset.EARLIEST, 30),
        (OffsetReset.LARGEST, 90),
        (OffsetReset.LATEST, 90),
    ],
)
def test_without_a_commit_the_reset_decides(reset: OffsetReset, offset: int) -> None:
    assert StartPolicy(reset).start(None, HELD, "") == StartOffset(offset, has_commit=False)


def test_what_was_missed_can_be_skipped() -> None:
    policy = StartPolicy(OffsetReset.SMALLEST, skip_to_latest=True)
    assert policy.start(Commit(40), HELD, "") == StartOffset(90, has_commit=False)
    assert policy.start(Commit(90), HELD, "") == StartOffset(90, has_commit=True)


def test_skip_to_latest_holds_for_the_first_assignment_only() -> None:
    policy = StartPolicy(OffsetReset.SMALLEST, skip_to_latest=True).after_first_assignment
    assert policy.start(Commit(40), HELD, "") == StartOffset(40, has_commit=True)


def test_a_commit_at_zero_is_a_commit() -> None:
    assert StartPolicy().start(Commit(0), Watermarks(0, 90), "") == StartOffset(0, has_commit=True)


@pytest.mark.parametrize("offset", [30, 90])
def test_a_commit_at_an_edge_of_the_topic_is_resumed(offset: int) -> None:
    assert StartPolicy().start(Commit(offset), HELD, "") == StartOffset(offset, has_commit=True)


@pytest.mark.parametrize("offset", [29, 91])
def test_a_commit_out_of_range_resumes_at_the_earliest(offset: int) -> None:
    """Such as one of a topic that was deleted and made again."""
    assert StartPolicy().start(Commit(offset), HELD, "") == StartOffset(30, has_commit=False)


def test_a_partition_added_later_is_read_by_time() -> None:
    policy = StartPolicy(OffsetReset.LARGEST).in_started_group
    assert policy.start(None, HELD, "a") is None
    assert policy.start(Commit(40, "a"), HELD, "a") == StartOffset(40, has_commit=True)


@pytest.mark.parametrize("commit", [None, Commit(40, "a")])
def test_a_topic_made_again_is_read_by_time(commit: Commit | None) -> None:
    policy = StartPolicy(OffsetReset.LARGEST).in_new_topic
    assert policy.start(commit, HELD, "a") is None
    assert not policy.depends_on_group(commit, "a")
    assert policy._replace(skip_to_latest=True).start(commit, HELD, "a") == StartOffset(90, has_commit=False)


def test_a_topic_was_made_again_if_its_id_is_another() -> None:
    source = LineageSource(str, int, str, ["old", ""].__getitem__)
    assert source.is_of_former_topic(0, "new")
    assert not source.is_of_former_topic(0, "old")
    assert not source.is_of_former_topic(0, ""), "brokers that give no ids"
    assert not source.is_of_former_topic(1, "new"), "a store of an earlier release"


def test_only_a_start_at_the_end_depends_on_the_group() -> None:
    largest, smallest = StartPolicy(OffsetReset.LARGEST), StartPolicy(OffsetReset.SMALLEST)
    assert largest.depends_on_group(None, "a")
    assert not largest.depends_on_group(Commit(40, "a"), "a")
    assert not largest.in_started_group.depends_on_group(None, "a")
    assert not largest._replace(rebuild=True).depends_on_group(None, "a"), "by time in any case"
    assert not largest._replace(skip_to_latest=True).depends_on_group(None, "a")
    assert not smallest.depends_on_group(None, "a")


@pytest.mark.parametrize(
    ("commit", "lineage", "resumed"),
    [
        (Commit(40, "a"), "a", True),
        (Commit(40, "a"), "b", False),
        (Commit(40), "a", True),
        (Commit(40, "a"), "", True),
    ],
)
def test_a_commit_counts_for_the_store_it_was_made_for(commit: Commit, lineage: str, resumed: bool) -> None:
    start = StartPolicy().start(commit, HELD, lineage)
    assert start == (StartOffset(40, has_commit=True) if resumed else None)


@pytest.mark.parametrize("commit", [None, Commit(40), Commit(40, "b")])
def test_a_rebuild_trusts_only_commits_of_the_present_lineage(commit: Commit | None) -> None:
    policy = StartPolicy(OffsetReset.LARGEST, rebuild=True)
    assert policy.start(commit, HELD, "a") is None
    assert policy.start(Commit(40, "a"), HELD, "a") == StartOffset(40, has_commit=True)


def test_without_a_former_topic_no_partition_is_of_one() -> None:
    assert not LineageSource(str, int).is_of_former_topic(0, "new")
    assert LineageSource(str, int, former_topic_id={0: "old"}.__getitem__).is_of_former_topic(0, "new")
