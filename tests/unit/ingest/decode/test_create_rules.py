import pytest

from common.post import MAX_CREATED_AT, LightPost
from ingest.decode.create_rules import drop_reason, normalised
from ingest.events import DropReason

NOW = 1_790_000_000
RETENTION = 172_800
SKEW = 60


def refusal_of(created_at: int, *, now: int = NOW, skew: int = SKEW) -> DropReason | None:
    return drop_reason(LightPost(1000, 10, created_at), now, RETENTION, skew)


@pytest.mark.parametrize("created_at", [NOW, NOW - 1, NOW - RETENTION, NOW + SKEW])
def test_creates_within_retention_and_skew_are_stored(created_at: int) -> None:
    assert refusal_of(created_at) is None


@pytest.mark.parametrize("created_at", [NOW - RETENTION - 1, 0, -1, -(2**63)])
def test_creates_older_than_the_retention_are_expired(created_at: int) -> None:
    assert refusal_of(created_at) is DropReason.EXPIRED


@pytest.mark.parametrize("created_at", [NOW + SKEW + 1, 2**63 - 1])
def test_creates_beyond_the_skew_are_from_the_future(created_at: int) -> None:
    assert refusal_of(created_at) is DropReason.FUTURE


def test_without_skew_the_present_second_is_the_last() -> None:
    assert refusal_of(NOW, skew=0) is None
    assert refusal_of(NOW + 1, skew=0) is DropReason.FUTURE


def test_times_that_the_store_cannot_hold_are_dropped() -> None:
    assert refusal_of(-1, now=RETENTION - 1) is DropReason.EXPIRED
    assert refusal_of(MAX_CREATED_AT + 1, skew=2**40) is DropReason.FUTURE
    assert refusal_of(MAX_CREATED_AT, skew=2**40) is None


@pytest.mark.parametrize(
    "post",
    [
        LightPost(1000, 10, NOW, in_reply_to_post_id=900),
        LightPost(1000, 10, NOW, in_reply_to_user_id=9),
        LightPost(1000, 10, NOW, in_reply_to_post_id=900, in_reply_to_user_id=9, is_retweet=True),
    ],
)
def test_what_answers_a_post_or_a_user_is_a_reply(post: LightPost) -> None:
    assert normalised(post) == post._replace(is_reply=True)


@pytest.mark.parametrize(
    "post",
    [
        LightPost(1000, 10, NOW),
        LightPost(1000, 10, NOW, is_reply=True),
        LightPost(1000, 10, NOW, is_reply=True, in_reply_to_post_id=900),
        LightPost(1000, 10, NOW, is_retweet=True, source_post_id=700, source_user_id=7, conversation_id=600),
    ],
)
def test_other_posts_stay_as_they_are(post: LightPost) -> None:
    assert normalised(post) == post
