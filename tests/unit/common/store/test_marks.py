from hypothesis import given
from hypothesis import strategies as st

from common.store.marks import (
    LEFT_OVER_SECONDS,
    READ_NODE_ID,
    BucketMarks,
    Mark,
    MarkKind,
    StampParts,
    encode_mark,
    mark_field,
    parse_info,
    parse_mark,
    parse_marks,
    parse_registry,
    read_marks,
    read_marks_id,
    registry_field,
    stamp_parts,
    tenure_of,
    topic_id_field,
    uptime_of,
)

SERVER = b"# Server\r\nredis_version:7.0.15\r\nrun_id:%b\r\nuptime_in_seconds:12\r\n" % (b"a" * 40)
REPLICATION = b"# Replication\r\nrole:master\r\nmaster_replid:%b\r\nmaster_replid2:%b\r\n" % (b"b" * 40, b"0" * 40)
STAMP = "llllllllaaaaaaaabbbbbbbbcccccccc"
POST_FIELD, FOLLOW_FIELD = mark_field("innetwork_post", 3), mark_field("follows", 0)
NOW, RETENTION = 1_000_000, 1000


def test_commands_and_fields_are_spelled_out() -> None:
    assert READ_NODE_ID == b"*2\r\n$7\r\nCLUSTER\r\n$4\r\nMYID\r\n"
    assert read_marks(7) == b"*2\r\n$7\r\nHGETALL\r\n$5\r\nw:{7}\r\n"
    assert read_marks_id(7) == b"*3\r\n$4\r\nHGET\r\n$5\r\nw:{7}\r\n$2\r\nid\r\n"
    assert POST_FIELD == b"innetwork_post:3"
    assert registry_field(MarkKind.POSTS, "innetwork_post", 3) == b"marks:posts:innetwork_post:3"
    assert encode_mark(Mark(5, STAMP, 7)) == b"5|%b|7|0" % STAMP.encode()
    assert encode_mark(Mark(5, STAMP, 7, 2)) == b"5|%b|7|2" % STAMP.encode()


@given(st.builds(Mark, st.integers(0, 2**63), st.text("0123456789abcdef", max_size=32), st.integers(0), st.integers(0)))
def test_a_mark_is_read_as_it_was_written(mark: Mark) -> None:
    assert parse_mark(encode_mark(mark)) == mark


@given(st.binary(max_size=60))
def test_other_values_are_no_marks(value: bytes) -> None:
    mark = parse_mark(value)
    assert mark is None or parse_mark(encode_mark(mark)) == mark


def test_a_tenure_is_read_from_info() -> None:
    tenure = tenure_of(SERVER, REPLICATION, b"c" * 40)
    assert tenure == ("a" * 40, "b" * 40, "0" * 40, "c" * 40, True)
    assert uptime_of(SERVER) == 12
    assert tenure.stamp("l" * 16) == STAMP
    assert stamp_parts(STAMP) == StampParts("l" * 8, "a" * 8, "b" * 8, "c" * 8)
    assert not tenure_of(SERVER, REPLICATION.replace(b"role:master", b"role:slave")).is_master


def test_without_a_cluster_the_stamp_has_no_node() -> None:
    stamp = tenure_of(SERVER, REPLICATION).stamp("l" * 16)
    assert stamp == STAMP[:24]
    assert stamp_parts(stamp).node_id == ""


def test_a_restart_and_a_promotion_change_the_stamp() -> None:
    stamps = {
        tenure_of(server, replication).stamp("l" * 16)
        for server in (SERVER, SERVER.replace(b"a" * 40, b"d" * 40))
        for replication in (REPLICATION, REPLICATION.replace(b"b" * 40, b"d" * 40))
    }
    assert len(stamps) == 4


def test_info_without_a_field_is_no_error() -> None:
    assert parse_info(b"# Server\r\nodd line\r\n") == {}
    assert tenure_of(b"", b"").is_master is False


def test_a_bucket_is_whole_under_its_stamp_from_an_offset_on() -> None:
    assert Mark(7, STAMP, 7).is_whole(STAMP)
    assert not Mark(6, STAMP, 7).is_whole(STAMP)
    assert not Mark(7, STAMP, 7).is_whole(STAMP[:24])


def test_a_bucket_needs_the_mark_of_every_partition() -> None:
    whole, behind = Mark(7, STAMP, 7), Mark(6, STAMP, 7)
    bucket = BucketMarks(b"token", {POST_FIELD: whole, FOLLOW_FIELD: behind})
    assert bucket.are_whole([], STAMP)
    assert bucket.are_whole([POST_FIELD], STAMP)
    assert not bucket.are_whole([POST_FIELD, FOLLOW_FIELD], STAMP)
    assert not bucket.are_whole([mark_field("other", 0)], STAMP)


def test_marks_are_read_with_their_id() -> None:
    mark = Mark(5, STAMP, 0)
    assert parse_marks([b"id", b"token", POST_FIELD, encode_mark(mark)]) == BucketMarks(b"token", {POST_FIELD: mark})
    assert parse_marks([]) == BucketMarks(None, {})


def test_the_registry_names_marks_by_kind() -> None:
    registry = parse_registry(
        {
            b"lineage": b"0123",
            b"version": b"1",
            registry_field(MarkKind.POSTS, "innetwork_post", 3): b"%d" % NOW,
            registry_field(MarkKind.FOLLOWS, "follows", 0): b"%d" % NOW,
            b"marks:other:topic:0": b"%d" % NOW,
            b"marks:posts:odd:0": b"soon",
        },
        NOW,
        RETENTION,
    )
    assert registry.fields == {MarkKind.POSTS: {POST_FIELD}, MarkKind.FOLLOWS: {FOLLOW_FIELD}}
    assert registry.is_kept
    assert not registry.left_over


def test_posts_of_a_partition_without_a_worker_expire() -> None:
    post, follow = registry_field(MarkKind.POSTS, "old", 0), registry_field(MarkKind.FOLLOWS, "follows", 0)
    at_the_limit = b"%d" % (NOW - RETENTION - LEFT_OVER_SECONDS)
    assert not parse_registry({post: at_the_limit}, NOW, RETENTION).left_over
    registry = parse_registry({post: at_the_limit, follow: at_the_limit}, NOW + 1, RETENTION)
    assert registry.left_over == {post}
    assert registry.fields == {MarkKind.POSTS: frozenset(), MarkKind.FOLLOWS: {FOLLOW_FIELD}}
    assert registry.retired == {FOLLOW_FIELD}
    assert not parse_registry({follow: at_the_limit}, NOW, RETENTION).retired


def test_topic_ids_stand_beside_the_registry() -> None:
    meta = {b"lineage": b"0123", topic_id_field(POST_FIELD): b"necSswNNSpGuVp816f3pCQ"}
    assert parse_registry(meta, NOW, RETENTION).topic_ids == {POST_FIELD: "necSswNNSpGuVp816f3pCQ"}
    assert topic_id_field(POST_FIELD) == b"topic-id:innetwork_post:3"


def test_a_store_without_a_registry_has_no_marks() -> None:
    assert not parse_registry({b"lineage": b"0123"}, NOW, RETENTION).is_kept


OTHER, NONE = "d" * 40, "0" * 40
TENURE = tenure_of(SERVER, REPLICATION, b"c" * 40)
ELSEWHERE = TENURE._replace(run_id=OTHER, replid=OTHER, previous_replid=NONE, node_id=OTHER)


def test_a_node_has_the_data_of_the_shard_of_its_stamp() -> None:
    assert TENURE.is_of_shard(STAMP)
    assert ELSEWHERE._replace(node_id=TENURE.node_id).is_of_shard(STAMP)
    assert ELSEWHERE._replace(replid=TENURE.replid).is_of_shard(STAMP)
    assert ELSEWHERE._replace(previous_replid=TENURE.replid).is_of_shard(STAMP)
    assert not ELSEWHERE.is_of_shard(STAMP)


def test_a_node_of_another_history_has_its_data_from_disk() -> None:
    assert ELSEWHERE.has_read_from_disk_since(STAMP)
    for name in ("run_id", "replid"):
        assert not ELSEWHERE._replace(**{name: getattr(TENURE, name)}).has_read_from_disk_since(STAMP)
    assert not ELSEWHERE._replace(previous_replid=TENURE.replid).has_read_from_disk_since(STAMP)
