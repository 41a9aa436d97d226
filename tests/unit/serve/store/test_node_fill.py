"""Which buckets of a node may be read, by what it says of itself."""

from collections.abc import Mapping

import hiredis
import pytest

from common.store.address import Node
from common.store.keys import marks_key
from common.store.marks import Mark, MarkKind, Tenure, encode_mark, mark_field, registry_field
from serve.readiness.verdict import StoreStatus
from serve.store.node_fill import ExpectedMarks, FillJudge, Gap, NodeFill, WantedFill, expected_marks, with_fills

RUN_ID, REPLID = "a" * 40, "b" * 40
STAMP = Tenure(RUN_ID, REPLID, "", "", is_master=True).stamp("1234567890abcdef")
POST, OTHER, FOLLOW = mark_field("posts", 0), mark_field("posts", 1), mark_field("follows", 0)
EXPECTED = ExpectedMarks("1234567890abcdef", {MarkKind.POSTS: (POST, OTHER), MarkKind.FOLLOWS: (FOLLOW,)})
WANTED = WantedFill(EXPECTED, (3, 4), in_cluster=False)
WHOLE = encode_mark(Mark(10, STAMP, 10))
BEHIND = encode_mark(Mark(9, STAMP, 10))
FOREIGN = encode_mark(Mark(10, STAMP.replace("a", "c"), 10))
SERVER = f"# Server\r\nrun_id:{RUN_ID}\r\nuptime_in_seconds:5\r\n".encode()
STATUS = StoreStatus(answers=True, lineage="1234567890abcdef", caught_up=True, waiting_for="")


def replication(role: str = "master", replid: str = REPLID) -> bytes:
    return f"# Replication\r\nrole:{role}\r\nmaster_replid:{replid}\r\nmaster_replid2:{'0' * 40}\r\n".encode()


def fill_of(*marks: bytes | None, marks_id: bytes | None = b"id", said: bytes | None = None) -> NodeFill:
    """Bucket 3 with these marks of POST, OTHER and FOLLOW, and bucket 4, which is whole."""
    judge = FillJudge(WANTED, [SERVER, said or replication()])
    judge.add([3, 4], [[marks_id, *marks], [b"other id", WHOLE, WHOLE, WHOLE]])
    return judge.result()


def whole(fill: NodeFill) -> tuple[frozenset[int], frozenset[int]]:
    return fill.whole[MarkKind.POSTS], fill.whole[MarkKind.FOLLOWS]


def test_bucket_is_read_when_each_mark_is_whole() -> None:
    fill = fill_of(WHOLE, WHOLE, WHOLE)
    assert whole(fill) == ({3, 4}, {3, 4})
    assert not fill.gaps


@pytest.mark.parametrize(
    ("mark", "gap"),
    [
        (None, Gap.UNMARKED),
        (b"nonsense", Gap.UNMARKED),
        (BEHIND, Gap.REFILLING),
        (FOREIGN, Gap.UNCONFIRMED),
    ],
)
def test_kind_is_left_out_when_one_of_its_marks_is_not_whole(mark: bytes | None, gap: Gap) -> None:
    fill = fill_of(WHOLE, mark, WHOLE)
    assert whole(fill) == ({4}, {3, 4})
    assert fill.gaps == {gap: 1}
    assert whole(fill_of(WHOLE, WHOLE, mark)) == ({3, 4}, {4})


def test_marks_without_an_id_count_for_nothing() -> None:
    assert whole(fill_of(WHOLE, WHOLE, WHOLE, marks_id=None)) == ({4}, {4})


def test_replica_and_silent_nodes_are_left_out() -> None:
    assert whole(fill_of(WHOLE, WHOLE, WHOLE, said=replication("slave"))) == (frozenset(), frozenset())
    assert fill_of(WHOLE, WHOLE, WHOLE, said=replication("slave")).gaps == {Gap.REPLICA: 2}
    judge = FillJudge(WANTED, [hiredis.ReplyError("NOPERM"), replication()])
    judge.add([3, 4], [[b"id", WHOLE, WHOLE, WHOLE]] * 2)
    assert judge.result().gaps == {Gap.UNREADABLE: 2}
    judge = FillJudge(WANTED, [SERVER, replication()])
    judge.add([3, 4], [hiredis.ReplyError("MOVED 1 h:1"), [b"id", WHOLE, WHOLE, WHOLE]])
    assert judge.result().gaps == {Gap.UNREADABLE: 1}


def test_what_was_read_holds_while_id_and_history_are_the_same() -> None:
    fill = fill_of(WHOLE, WHOLE, WHOLE)
    assert fill.is_confirmed(3, b"id", replication())
    assert not fill.is_confirmed(3, None, replication())
    assert not fill.is_confirmed(3, b"new", replication())
    assert not fill.is_confirmed(3, hiredis.ReplyError("MOVED 1 h:1"), replication())
    assert not fill.is_confirmed(3, b"id", replication("slave"))
    assert not fill.is_confirmed(3, b"id", replication(replid="c" * 40))
    assert not fill.is_confirmed(3, b"id", hiredis.ReplyError("LOADING"))


def test_commands_ask_for_the_id_and_every_mark() -> None:
    [(buckets, packed)] = WANTED.marks_commands()
    assert buckets == (3, 4)
    reader = hiredis.Reader()
    reader.feed(packed)
    names = [b"id", POST, OTHER, FOLLOW]
    assert [reader.gets(), reader.gets()] == [[b"HMGET", marks_key(bucket), *names] for bucket in (3, 4)]


def test_many_marks_are_read_in_pieces() -> None:
    fields = tuple(mark_field("posts", partition) for partition in range(64))
    wanted = WantedFill(ExpectedMarks("x", {MarkKind.POSTS: fields, MarkKind.FOLLOWS: ()}), tuple(range(256)), False)
    pieces = [buckets for buckets, _ in wanted.marks_commands()]
    assert [bucket for buckets in pieces for bucket in buckets] == [*range(256)]
    assert len(pieces) == 18


def meta(*fields: bytes, at: int = 1000, lineage: bytes = b"first") -> Mapping[bytes, bytes]:
    return {b"lineage": lineage, b"retention_seconds": b"600", **dict.fromkeys(fields, b"%d" % at)}


def test_marks_are_expected_once_they_are_registered() -> None:
    posts, follows = registry_field(MarkKind.POSTS, "p", 0), registry_field(MarkKind.FOLLOWS, "f", 1)
    assert expected_marks({}, None, 1000) is None
    assert expected_marks(meta(), None, 1000) is None
    assert expected_marks(meta(posts), None, 1000) == ExpectedMarks(
        "first", {MarkKind.POSTS: (b"p:0",), MarkKind.FOLLOWS: ()}
    )
    both = expected_marks(meta(posts, follows), None, 1000)
    assert both
    assert both.fields[MarkKind.FOLLOWS] == (b"f:1",)
    assert expected_marks(meta(posts), None, 1000 + 600 + 3601) is None


def test_follow_lists_without_a_worker_for_long_are_not_left_out() -> None:
    late = 1000 + 600 + 3601
    stored = {
        **meta(registry_field(MarkKind.POSTS, "p", 0), at=late),
        registry_field(MarkKind.FOLLOWS, "f", 1): b"1000",
    }
    before, after = expected_marks(stored, None, late - 1), expected_marks(stored, None, late)
    assert before
    assert after
    assert before.fields[MarkKind.FOLLOWS] == (b"f:1",)
    assert after.fields == {MarkKind.POSTS: (b"p:0",), MarkKind.FOLLOWS: ()}


def test_marks_of_a_lineage_stay_expected_when_the_registry_is_lost() -> None:
    known = expected_marks(meta(registry_field(MarkKind.POSTS, "p", 0)), None, 1000)
    assert expected_marks(meta(), known, 1000) is known
    assert expected_marks(meta(lineage=b"second"), known, 1000) is None
    assert expected_marks({}, known, 1000) is None


def test_status_says_what_is_left_out_of_which_node() -> None:
    fills = {Node("a", 1): fill_of(BEHIND, WHOLE, WHOLE), Node("b", 2): fill_of(WHOLE, WHOLE, None)}
    status = with_fills(STATUS, fills)
    assert status.caught_up
    assert str(status.left_out) == (
        "posts of 1 and follow lists of 1 buckets out of 4 are left out: "
        "Redis a:1 is being refilled; Redis b:2 has lost posts"
    )
    assert with_fills(STATUS, {}) == STATUS
    assert with_fills(STATUS, {Node("a", 1): fill_of(WHOLE, WHOLE, WHOLE)}) == STATUS._replace(
        left_out=status.left_out._replace(posts=0, follows=0, buckets=2, reasons="")
    )


def test_store_of_which_nothing_may_be_read_has_not_caught_up() -> None:
    replica = fill_of(WHOLE, WHOLE, WHOLE, said=replication("slave"))
    status = with_fills(STATUS, {Node("a", 1): replica})
    assert not status.caught_up
    assert status.waiting_for == "ingest to fill what Redis lacks: Redis a:1 is a replica"
    other = with_fills(STATUS._replace(lineage="another"), {Node("a", 1): fill_of(WHOLE, WHOLE, WHOLE)})
    assert not other.caught_up
