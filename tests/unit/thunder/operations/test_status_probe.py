from common.errors import StoreUnavailable
from common.kafka.groups import ConsumerGroup, GroupCommit, GroupMember
from common.kafka.topics import PartitionAddress
from common.store.marks import MARKS_ID, Mark, MarkKind, Registry, encode_mark, mark_field
from thunder.operations.status_probe import fill_statuses, group_statuses
from thunder.operations.status_report import FillStatus, GroupStatus, MemberCount


def test_a_group_has_a_status_for_each_topic() -> None:
    commits = {
        PartitionAddress("posts", 0): GroupCommit(10, ""),
        PartitionAddress("posts", 1): GroupCommit(20, ""),
        PartitionAddress("follows", 0): GroupCommit(5, ""),
    }
    ends = dict.fromkeys(commits, 15)
    group = ConsumerGroup("feed", "stable", (GroupMember("thunder-ingest/1.1.0", "10.0.0.1", "", 3),))
    versions = (MemberCount("thunder-ingest", "1.1.0", 1),)
    assert group_statuses(group, commits, ends) == [
        GroupStatus("feed", "follows", "stable", 1, ("10.0.0.1",), 1, 10, versions),
        GroupStatus("feed", "posts", "stable", 1, ("10.0.0.1",), 2, 5, versions),
    ]


def test_members_of_a_version_are_counted_and_others_have_none() -> None:
    ids = ["thunder-transform/1.1.0", "thunder", "thunder-transform/1.0.0", "thunder-transform/1.1.0"]
    members = tuple(GroupMember(client_id, "10.0.0.1", "", 1) for client_id in ids)
    place = PartitionAddress("raw", 0)
    [status] = group_statuses(ConsumerGroup("feed", "stable", members), {place: GroupCommit(1, "")}, {place: 1})
    assert status.versions == (
        MemberCount("thunder", None, 1),
        MemberCount("thunder-transform", "1.0.0", 1),
        MemberCount("thunder-transform", "1.1.0", 2),
    )


def test_buckets_count_that_are_whole_on_their_nodes() -> None:
    field = mark_field("posts", 0)
    registry = Registry({MarkKind.POSTS: frozenset({field}), MarkKind.FOLLOWS: frozenset()})
    whole, short = (encode_mark(Mark(offset, "stamp", 10)) for offset in (10, 9))
    replies = [
        [MARKS_ID, b"x", field, whole],
        [MARKS_ID, b"x", field, short],
        [],
        StoreUnavailable("no answer"),
        [MARKS_ID, b"x", field, whole],
    ]
    stamps = ["stamp", "stamp", "stamp", "stamp", "another"]
    assert fill_statuses(registry, replies, stamps) == (FillStatus("posts", 1, 1),)
