"""Decisions of a write. What they come to in the store is tested in tests/integration/test_store_*.py."""

import hiredis
import pytest

from common.post import LightPost
from common.retention import Retention
from common.store.commands import NodeCommand, pack
from common.store.keys import KeySpace
from common.store.record import FINGERPRINT_END, LISTED_AS_VIDEO, PostRecord, record_field
from common.store.scripts import HASHES_PER_SWEEP, POSTS_PER_CALL, Removal
from ingest.events import AuthorDelete, Event, PostDelete
from ingest.post_row import PostRow, create_row, delete_row, store_event
from ingest.write.key_table import REFRESH_SECONDS
from ingest.write.write_plan import (
    SWEEP_EVERY,
    TRIM_EVERY,
    CallPlanner,
    needed_sources,
    split_by_holder,
    split_claims,
    sub_batches,
    winners,
    with_videos_decided,
)

KEYS = KeySpace(buckets=4, post_hashes=16)
NOW = 1_790_000_000
ORIGINAL = LightPost(1, 10, NOW)
VIDEO = LightPost(2, 10, NOW, has_video=True)
REPOST_OF_VIDEO = LightPost(3, 11, NOW, is_retweet=True, source_post_id=2)
REPOST_OF_ORIGINAL = LightPost(4, 11, NOW, is_retweet=True, source_post_id=1)
SOURCE = PostRecord(NOW, 10, is_reply=False, is_retweet=False, has_video=True, in_reply_to_post_id=None)


def rows(*posts: LightPost) -> list[PostRow]:
    return [create_row(post) for post in posts]


def many(count: int) -> list[PostRow]:
    return rows(*(LightPost(number, number, NOW) for number in range(1, count + 1)))


@pytest.fixture
def planner() -> CallPlanner:
    return CallPlanner(KEYS, Retention(600, 60), list_cap=5000)


@pytest.mark.parametrize(
    ("events", "sizes"),
    [
        ([ORIGINAL, REPOST_OF_ORIGINAL, VIDEO], [3]),
        ([VIDEO, REPOST_OF_VIDEO], [1, 1]),
        ([VIDEO, REPOST_OF_VIDEO, REPOST_OF_VIDEO._replace(post_id=9)], [1, 2]),
        ([VIDEO._replace(is_reply=True), REPOST_OF_VIDEO], [2]),
        ([REPOST_OF_VIDEO, VIDEO], [2]),
        ([PostDelete(1, 0), ORIGINAL, REPOST_OF_ORIGINAL], [2, 1]),
        ([ORIGINAL, AuthorDelete(10, NOW), VIDEO], [1, 1, 1]),
        ([AuthorDelete(10, NOW), AuthorDelete(11, NOW)], [1, 1]),
        ([], []),
    ],
)
def test_a_batch_is_cut_before_a_repost_that_depends_on_it(events: list[Event], sizes: list[int]) -> None:
    given = [store_event(event) for event in events]
    batches = [[batch] if isinstance(batch, AuthorDelete) else batch for batch in sub_batches(given)]
    assert [len(batch) for batch in batches] == sizes
    assert [event for batch in batches for event in batch] == given


def test_only_reposts_that_do_not_decide_alone_need_their_source() -> None:
    decides_alone = REPOST_OF_VIDEO._replace(has_video=True, source_post_id=21)
    reply = REPOST_OF_VIDEO._replace(is_reply=True, source_post_id=22)
    no_repost = REPOST_OF_VIDEO._replace(is_retweet=False, source_post_id=23)
    posts = (ORIGINAL, REPOST_OF_VIDEO, REPOST_OF_VIDEO, decides_alone, reply, no_repost)
    assert needed_sources([*rows(*posts), delete_row(24)]) == [2]


@pytest.mark.parametrize(
    ("post", "source", "expected"),
    [
        (VIDEO, None, True),
        (VIDEO._replace(is_reply=True), None, False),
        (ORIGINAL, None, False),
        (REPOST_OF_VIDEO, SOURCE, True),
        (REPOST_OF_VIDEO, None, False),
        (REPOST_OF_VIDEO, SOURCE._replace(has_video=False), False),
        (REPOST_OF_VIDEO, SOURCE._replace(is_reply=True), False),
        (REPOST_OF_VIDEO._replace(is_reply=True), SOURCE, False),
    ],
)
def test_what_is_listed_as_a_video(post: LightPost, source: PostRecord | None, expected: bool) -> None:
    [row] = with_videos_decided(rows(post), {2: source})
    assert bool(row.flags & LISTED_AS_VIDEO) is expected
    assert row.claim[19] == row.flags, "the record says so, too"
    assert row.claim[:19] + row.claim[20:] == create_row(post).claim[:19] + create_row(post).claim[20:]


def test_a_repost_with_an_unknown_source_waits_for_the_next_try() -> None:
    given = rows(ORIGINAL, REPOST_OF_VIDEO)
    assert with_videos_decided(given, {}) == given[:1]
    assert with_videos_decided(given, {2: None}) == given


def test_replies_of_claims_are_distinguished() -> None:
    claimed = [*rows(ORIGINAL, VIDEO), delete_row(8), *rows(LightPost(5, 12, NOW)), delete_row(9)]
    claimed += rows(LightPost(6, 13, NOW), LightPost(7, 14, NOW))
    deleted_at, at_once = (NOW + 5).to_bytes(4, "big"), NOW.to_bytes(4, "big")
    author_and_time = (77).to_bytes(8, "big") + (NOW - 1).to_bytes(4, "big")
    reply = b"\x20\x30" + bytes(12) + deleted_at + b"\x00" + author_and_time + deleted_at + b"\x01" + at_once + b"\x20"
    won = winners(claimed, reply, KEYS)
    assert [(row.post_id, row.flags) for row in won.additions] == [(1, 0x20), (2, 0x30), (7, 0x20)]
    assert won.removals == [(KEYS.author(77), NOW - 1, 9, NOW + 5), (KEYS.author(13), NOW, 6, NOW)]


def test_a_repeat_is_listed_as_its_first_claim_decided() -> None:
    [row] = rows(REPOST_OF_VIDEO)
    assert winners([row], b"\x34", KEYS).additions == [row._replace(flags=0x34)]
    assert winners([row], bytes((row.flags,)), KEYS).additions == [row]


def test_a_delete_alone_removes_nothing_that_is_unknown() -> None:
    assert winners([delete_row(8)], bytes(12) + b"\0\0\0\1", KEYS) == ([], [])


def test_creates_of_posts_that_the_batch_deletes_keep_their_order() -> None:
    first, deleted, other = rows(ORIGINAL, VIDEO, REPOST_OF_VIDEO)
    batch = [delete_row(2), first, deleted, delete_row(8), other]
    assert split_claims(batch) == ([first, other], [delete_row(2), deleted, delete_row(8)])
    assert split_claims([first, other]) == ([first, other], ())


@pytest.mark.parametrize(
    ("replies", "new", "held"), [([1, 1, 1], [0, 1, 2], []), ([0, 1, 0], [1], [0, 2]), ([0, 0, 0], [], [0, 1, 2])]
)
def test_what_hsetnx_does_not_claim_is_held(replies: list[int], new: list[int], held: list[int]) -> None:
    given = rows(ORIGINAL, VIDEO, REPOST_OF_VIDEO)
    upkeep = [0, 1]
    won, others = split_by_holder(given, replies + upkeep)
    assert ([*won], [*others]) == ([given[at] for at in new], [given[at] for at in held])


def test_creates_are_claimed_by_their_hashes(planner: CallPlanner) -> None:
    given = undrawn(40)
    [planned] = planner.creates(given, NOW)
    hashes = [KEYS.post(row.post_id).hash for row in given]
    claims = [pack((b"HSETNX", key, *parts_of(row.claim))) for key, row in zip(hashes, given, strict=True)]
    begin = b"".join(claims)
    assert planned.rows == given
    assert planned.command.packed.startswith(begin)
    refreshed = commands_of(planned.command.packed[len(begin) :])
    assert sorted(refreshed) == sorted({(b"EXPIRE", key, b"4260") for key in hashes})
    assert planned.command.commands == 40 + len({*hashes})
    [again] = planner.creates(given, NOW)
    assert (again.command.packed, again.command.commands) == (begin, 40)


def test_one_create_in_32_sweeps_its_hash(planner: CallPlanner) -> None:
    given = many(200)
    first, planned = (next(planner.creates(given, NOW)) for _ in range(2))
    assert first.command.commands > planned.command.commands, "no TTL is due any more"
    swept = {KEYS.post(row.post_id).hash for row in given if row.claim[FINGERPRINT_END] % SWEEP_EVERY == 0}
    calls = commands_of(planned.command.packed)[200:]
    assert len(swept) > HASHES_PER_SWEEP
    assert {name for name, *_ in calls} == {b"EVALSHA"}
    keys = [key for call in calls for key in call[3:-3]]
    assert sorted(keys) == sorted(swept)
    assert all(len(call[3:-3]) <= HASHES_PER_SWEEP for call in calls)
    assert planned.command.commands == 200 + len(calls)


def test_one_create_in_64_makes_its_set_due(planner: CallPlanner) -> None:
    given = many(POSTS_PER_CALL)
    [first], [second] = [*planner.additions(given, NOW)], [*planner.additions(given, NOW)]
    drawn = {KEYS.author(row.author_id).posts for row in given if row.claim[FINGERPRINT_END] % TRIM_EVERY == 0}
    assert drawn
    assert keys_of(first.packed) == 3 * POSTS_PER_CALL
    [(_, _, count, *rest)] = commands_of(second.packed)
    assert {*rest[2 * POSTS_PER_CALL : int(count)]} == drawn


def test_a_claim_ends_its_fingerprint_where_it_is_drawn_from() -> None:
    for post in (ORIGINAL, VIDEO, LightPost(5, 6, NOW, in_reply_to_post_id=7, is_reply=True)):
        _, record = parts_of(create_row(post).claim)
        assert create_row(post).claim[FINGERPRINT_END] == record[18]


def test_calls_are_bounded(planner: CallPlanner) -> None:
    deletes = [delete_row(number) for number in range(1, 2 * POSTS_PER_CALL + 2)]
    claims = [*planner.claims(deletes, NOW)]
    assert [len(call.rows) for call in claims] == [POSTS_PER_CALL, POSTS_PER_CALL, 1]
    assert len([*planner.additions(many(2 * POSTS_PER_CALL + 1), NOW)]) == 3
    removals = [Removal(KEYS.author(1), NOW, number, NOW) for number in range(POSTS_PER_CALL + 1)]
    assert len([*planner.removals(removals, NOW)]) == 2


def test_records_are_read_in_order(planner: CallPlanner) -> None:
    [reads] = planner.reads([8, 7, 9])
    expected = [(b"HGET", KEYS.post(number).hash, record_field(number)) for number in (8, 7, 9)]
    assert commands_of(reads.command.packed) == expected
    assert (reads.ids, reads.command.commands) == ([8, 7, 9], 3)
    assert [*planner.reads([])] == []


def test_commands_of_a_node_keep_to_one_bucket(planner: CallPlanner) -> None:
    planner.by_bucket = True
    given = many(40)
    for claims in ([*planner.creates(given, NOW)], [*planner.claims(given, NOW)]):
        assert len(claims) == KEYS.buckets
        assert all({KEYS.post(row.post_id).bucket for row in call.rows} == {call.command.bucket} for call in claims)
        assert sorted(row.post_id for call in claims for row in call.rows) == list(range(1, 41))
        assert all(is_of_its_bucket(call.command) for call in claims)
    assert all(is_of_its_bucket(command) for command in planner.additions(given, NOW))
    reads = [*planner.reads(range(1, 41))]
    assert all(is_of_its_bucket(read.command) for read in reads)
    assert {read.command.bucket for read in reads} == set(range(4))


def is_of_its_bucket(command: NodeCommand) -> bool:
    return b"{%d}" % command.bucket in command.packed and not any(
        b"{%d}" % other in command.packed for other in range(4) if other != command.bucket
    )


@pytest.mark.parametrize(
    ("later", "refreshes"), [(0, 0), (REFRESH_SECONDS - 1, 0), (REFRESH_SECONDS, 1), (-1, 1), (10**6, 1)]
)
def test_ttls_are_refreshed_when_due(planner: CallPlanner, later: int, refreshes: int) -> None:
    video = rows(VIDEO)
    sizes: list[tuple[int, int, int]] = []
    for now in (NOW, NOW + later):
        [creates], [additions] = [*planner.creates(video, now)], [*planner.additions(video, now)]
        [claims] = planner.claims([delete_row(1)], now)
        sizes.append((creates.command.commands, keys_of(claims.command.packed), keys_of(additions.packed)))
    assert sizes == [(2, 2, 6), (1 + refreshes, 1 + refreshes, 4 + 2 * refreshes)]


def test_a_failure_makes_every_ttl_due(planner: CallPlanner) -> None:
    for _ in range(2):
        assert len([*planner.creates(rows(ORIGINAL), NOW), *planner.additions(rows(ORIGINAL), NOW)]) == 2
    planner.forget()
    [creates], [additions] = [*planner.creates(rows(ORIGINAL), NOW)], [*planner.additions(rows(ORIGINAL), NOW)]
    assert (creates.command.commands, keys_of(additions.packed)) == (2, 3)


def undrawn(count: int) -> list[PostRow]:
    """Creates that sweep nothing."""
    return [row for row in many(2 * count) if row.claim[FINGERPRINT_END] % SWEEP_EVERY][:count]


def parts_of(words: bytes) -> list[bytes]:
    [parts] = commands_of(b"*%d\r\n%b" % (2, words))
    return [*parts]


def commands_of(packed: bytes) -> list[tuple[bytes, ...]]:
    """The words of each command."""
    reader = hiredis.Reader()
    reader.feed(packed)
    return [tuple(command) for command in iter(reader.gets, False)]


def keys_of(call: bytes) -> int:
    """Number of keys of an EVALSHA."""
    return int(call.split(b"\r\n")[6])
