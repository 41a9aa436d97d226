import pytest

from common.post import MAX_CREATED_AT, LightPost
from ingest.decode.create_rules import drop_reason, normalised, with_create_rules
from ingest.events import AuthorDelete, Decoded, Dropped, DropReason, EventKind, Ignored, PostDelete
from ingest.post_row import StoreEvent, create_row, delete_row

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
    assert refusal_of(0, now=RETENTION) is None
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


MENTION = LightPost(1000, 10, NOW, in_reply_to_user_id=9)


@pytest.mark.parametrize(
    ("decoded", "expected"),
    [
        (MENTION, create_row(MENTION._replace(is_reply=True))),
        (MENTION._replace(created_at=NOW + SKEW + 1), Dropped(DropReason.FUTURE)),
        (MENTION._replace(created_at=NOW - RETENTION - 1), Dropped(DropReason.EXPIRED)),
        (PostDelete(1000, -1), delete_row(1000)),
        (AuthorDelete(10, -1), AuthorDelete(10, -1)),
        (Ignored(EventKind.UNDELETE), Ignored(EventKind.UNDELETE)),
        (Dropped(DropReason.NULLCAST), Dropped(DropReason.NULLCAST)),
    ],
)
def test_the_rules_concern_creates_alone(decoded: Decoded, expected: StoreEvent | Ignored | Dropped) -> None:
    def decode(payload: bytes, now: int) -> Decoded:
        assert (payload, now) == (b"payload", NOW)
        return decoded

    assert with_create_rules(decode, RETENTION, SKEW)(b"payload", NOW) == expected
