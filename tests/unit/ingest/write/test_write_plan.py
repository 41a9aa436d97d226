"""Decisions of a write. What they come to in the store is tested in tests/integration/test_store_*.py."""

import pytest

from common.post import LightPost
from common.store.keys import KeySpace
from common.store.record import PostRecord
from common.store.scripts import MOST_PER_CALL
from ingest.events import AuthorDelete, Event, PostDelete
from ingest.write.write_plan import (
    by_author,
    calls,
    listed_as_video,
    needed_sources,
    sub_batches,
    winners,
)
from ingest.write.write_plan import plan_claims as plan

KEYS = KeySpace(buckets=4, post_hashes=16)
NOW = 1_790_000_000
ORIGINAL = LightPost(1, 10, NOW)
VIDEO = LightPost(2, 10, NOW, has_video=True)
REPOST_OF_VIDEO = LightPost(3, 11, NOW, is_retweet=True, source_post_id=2)
REPOST_OF_ORIGINAL = LightPost(4, 11, NOW, is_retweet=True, source_post_id=1)
SOURCE = PostRecord(NOW, 10, is_reply=False, is_retweet=False, has_video=True, in_reply_to_post_id=None)


@pytest.mark.parametrize(
    ("events", "sizes"),
    [
        ([ORIGINAL, REPOST_OF_ORIGINAL, VIDEO], [3]),
        ([VIDEO, REPOST_OF_VIDEO], [1, 1]),
        ([REPOST_OF_VIDEO, VIDEO], [2]),
        ([PostDelete(1, 0), ORIGINAL, REPOST_OF_ORIGINAL], [2, 1]),
        ([ORIGINAL, AuthorDelete(10, NOW), VIDEO], [1, 1, 1]),
        ([], []),
    ],
)
def test_a_batch_is_cut_before_a_repost_that_depends_on_it(events: list[Event], sizes: list[int]) -> None:
    batches = list(sub_batches(events))
    assert [len(batch) for batch in batches] == sizes
    assert [event for batch in batches for event in batch] == events


def test_only_reposts_that_do_not_decide_alone_need_their_source() -> None:
    decides_alone = REPOST_OF_VIDEO._replace(has_video=True, source_post_id=21)
    reply = REPOST_OF_VIDEO._replace(is_reply=True, source_post_id=22)
    assert needed_sources([ORIGINAL, REPOST_OF_VIDEO, REPOST_OF_VIDEO, decides_alone, reply]) == [2]


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
    assert listed_as_video(post, source) is expected


def test_a_repost_with_an_unknown_source_waits_for_the_next_try() -> None:
    assert [claim.event for claim in plan([ORIGINAL, REPOST_OF_VIDEO], {}, KEYS)] == [ORIGINAL]
    assert [claim.event for claim in plan([ORIGINAL, REPOST_OF_VIDEO], {2: None}, KEYS)] == [ORIGINAL, REPOST_OF_VIDEO]


def test_replies_of_claims_are_distinguished() -> None:
    unknown, known = PostDelete(8, 0), PostDelete(9, 0)
    claims = plan([ORIGINAL, VIDEO, unknown, LightPost(5, 12, NOW), known, LightPost(6, 13, NOW)], {}, KEYS)
    deleted_at = (NOW + 5).to_bytes(4, "big")
    author_and_time = (77).to_bytes(8, "big") + (NOW - 1).to_bytes(4, "big")
    reply = b"\x20\x30" + bytes(12) + deleted_at + b"\x00" + author_and_time + deleted_at + b"\x01" + deleted_at
    won = winners(claims, reply, KEYS)
    assert [(post, addition.listed_as_video) for post, addition in won.additions] == [(ORIGINAL, False), (VIDEO, True)]
    assert won.removals == [(KEYS.author(77), NOW - 1, 9, NOW + 5), (KEYS.author(13), NOW, 6, NOW + 5)]


def test_calls_are_bounded() -> None:
    claims = plan([LightPost(number, 1, NOW) for number in range(1, 3 * MOST_PER_CALL)], {}, KeySpace(1, 1))
    planned = calls(claims, bucket_of=lambda claim: claim.bucket)
    assert [len(group) for _, group in planned] == [MOST_PER_CALL, MOST_PER_CALL, MOST_PER_CALL - 1]
    authors = by_author(winners(claims, b"\x20" * len(claims), KEYS).additions, KEYS)
    assert [len(posts) for _, posts in authors] == [MOST_PER_CALL, MOST_PER_CALL, MOST_PER_CALL - 1]
