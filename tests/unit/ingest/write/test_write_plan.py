"""Decisions of a write. What they come to in the store is tested in tests/integration/test_store_*.py."""

import pytest

from common.post import LightPost
from common.retention import Retention
from common.store.keys import KeySpace
from common.store.record import LISTED_AS_VIDEO, PostRecord
from common.store.scripts import POSTS_PER_CALL, Removal
from ingest.events import AuthorDelete, Event, PostDelete
from ingest.post_row import PostRow, create_row, delete_row, store_event
from ingest.write.key_table import REFRESH_SECONDS
from ingest.write.write_plan import CallPlanner, needed_sources, sub_batches, winners, with_videos_decided

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
    claimed += rows(LightPost(6, 13, NOW))
    deleted_at = (NOW + 5).to_bytes(4, "big")
    author_and_time = (77).to_bytes(8, "big") + (NOW - 1).to_bytes(4, "big")
    reply = b"\x20\x30" + bytes(12) + deleted_at + b"\x00" + author_and_time + deleted_at + b"\x01" + deleted_at
    won = winners(claimed, reply, KEYS)
    assert [(row.post_id, row.flags) for row in won.additions] == [(1, 0x20), (2, 0x30)]
    assert won.removals == [(KEYS.author(77), NOW - 1, 9, NOW + 5), (KEYS.author(13), NOW, 6, NOW + 5)]


def test_a_repeat_is_listed_as_its_first_claim_decided() -> None:
    [row] = rows(REPOST_OF_VIDEO)
    assert winners([row], b"\x34", KEYS).additions == [row._replace(flags=0x34)]
    assert winners([row], bytes((row.flags,)), KEYS).additions == [row]


def test_a_delete_alone_removes_nothing_that_is_unknown() -> None:
    assert winners([delete_row(8)], bytes(12) + b"\0\0\0\1", KEYS) == ([], [])


def test_calls_are_bounded(planner: CallPlanner) -> None:
    claims = [*planner.claims(many(2 * POSTS_PER_CALL + 1), NOW)]
    assert [len(call.rows) for call in claims] == [POSTS_PER_CALL, POSTS_PER_CALL, 1]
    assert len([*planner.additions(many(2 * POSTS_PER_CALL + 1), NOW)]) == 3
    assert [len(call.ids) for call in planner.reads(range(1, POSTS_PER_CALL + 2))] == [POSTS_PER_CALL, 1]
    removals = [Removal(KEYS.author(1), NOW, number, NOW) for number in range(POSTS_PER_CALL + 1)]
    assert len([*planner.removals(removals, NOW)]) == 2


def test_calls_keep_to_a_bucket_in_a_cluster(planner: CallPlanner) -> None:
    planner.by_bucket = True
    given = many(40)
    claims = [*planner.claims(given, NOW)]
    assert len(claims) == KEYS.buckets
    assert all({KEYS.post(row.post_id).bucket for row in call.rows} == {call.command.bucket} for call in claims)
    assert sorted(row.post_id for call in claims for row in call.rows) == list(range(1, 41))
    for command in planner.additions(given, NOW):
        assert b"{%d}" % command.bucket in command.packed
        assert not any(b"{%d}" % other in command.packed for other in range(4) if other != command.bucket)
    assert {call.command.bucket for call in planner.reads(range(1, 41))} == set(range(4))


@pytest.mark.parametrize(
    ("later", "refreshes"), [(0, 0), (REFRESH_SECONDS - 1, 0), (REFRESH_SECONDS, 1), (-1, 1), (10**6, 1)]
)
def test_ttls_are_refreshed_when_due(planner: CallPlanner, later: int, refreshes: int) -> None:
    video = rows(VIDEO)
    sizes: list[tuple[int, int]] = []
    for now in (NOW, NOW + later):
        [claims], [additions] = [*planner.claims(video, now)], [*planner.additions(video, now)]
        sizes.append((keys_of(claims.command.packed), keys_of(additions.packed)))
    assert sizes == [(2, 6), (1 + refreshes, 4 + 2 * refreshes)]


def test_a_failure_makes_every_ttl_due(planner: CallPlanner) -> None:
    for _ in range(2):
        assert len([*planner.claims(rows(ORIGINAL), NOW), *planner.additions(rows(ORIGINAL), NOW)]) == 2
    planner.forget()
    [claims], [additions] = [*planner.claims(rows(ORIGINAL), NOW)], [*planner.additions(rows(ORIGINAL), NOW)]
    assert (keys_of(claims.command.packed), keys_of(additions.packed)) == (2, 3)


def keys_of(call: bytes) -> int:
    """Number of keys of an EVALSHA."""
    return int(call.split(b"\r\n")[6])
