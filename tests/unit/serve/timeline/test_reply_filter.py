from typing import Any

import pytest

from common.post import LightPost
from common.store.member import encode_id, encode_member
from common.store.record import PostRecord
from serve.timeline.reply_filter import (
    SECONDARY_TAGS,
    endings_of_reposts_of,
    is_reply,
    parent_of,
    reply_passes,
    source_user_of_repost,
)

NOW = 1_790_000_000
POST = LightPost(7, 5, NOW, source_post_id=8, source_user_id=9)
ROOT, FIRST_LEVEL = 2**62 + 1000, 2**62 + 1001
ORIGINAL = PostRecord(NOW, 10, is_reply=False, is_retweet=False, has_video=False, in_reply_to_post_id=None)
REPLY_TO_ROOT = ORIGINAL._replace(is_reply=True, in_reply_to_post_id=ROOT)
REPLY = LightPost(
    1003, 2, NOW, in_reply_to_post_id=FIRST_LEVEL, in_reply_to_user_id=3, conversation_id=ROOT, is_reply=True
)
FOLLOWING = frozenset({2, 3})

FORMS: list[dict[str, Any]] = [
    {},
    {"is_retweet": True},
    {"source_user_id": 9},
    {"is_retweet": True, "source_user_id": 9, "source_post_id": 8, "has_video": True},
]
"""Other fields that a reply may have."""


def passes(reply: LightPost, parent: PostRecord | None) -> bool:
    return reply_passes(encode_member(reply), parent, FOLLOWING)


@pytest.mark.parametrize(
    ("post", "source"),
    [
        (POST._replace(is_retweet=True), encode_id(9)),
        (POST._replace(is_retweet=True, is_reply=True, in_reply_to_post_id=3, has_video=True), encode_id(9)),
        (POST._replace(is_retweet=True, source_user_id=None), None),
        (POST._replace(is_reply=True), None),
        (POST, None),
    ],
)
def test_only_a_repost_has_a_source(post: LightPost, source: bytes | None) -> None:
    assert source_user_of_repost(encode_member(post)) == source


def test_reposts_of_a_user_end_alike() -> None:
    repost = POST._replace(is_retweet=True)
    for form in (repost, repost._replace(is_reply=True), repost._replace(is_reply=True, in_reply_to_post_id=3)):
        member = encode_member(form)
        assert member.endswith(endings_of_reposts_of(encode_id(9)))
        assert not member.endswith(endings_of_reposts_of(encode_id(8)))
    assert not encode_member(POST._replace(is_reply=True)).endswith(endings_of_reposts_of(encode_id(9)))


@pytest.mark.parametrize("is_retweet", [True, False])
@pytest.mark.parametrize("has_reply", [True, False])
def test_a_last_byte_tells_originals_from_replies_and_reposts(*, is_retweet: bool, has_reply: bool) -> None:
    member = encode_member(POST._replace(is_retweet=is_retweet, is_reply=has_reply))
    assert (member[-1] in SECONDARY_TAGS) is (is_retweet or has_reply)
    assert is_reply(member) is has_reply


@pytest.mark.parametrize("form", FORMS)
def test_the_parent_is_the_post_that_is_answered(form: dict[str, Any]) -> None:
    reply = REPLY._replace(**form)
    assert parent_of(encode_member(reply)) == encode_id(FIRST_LEVEL)
    assert parent_of(encode_member(reply._replace(in_reply_to_post_id=None))) is None


def test_a_reply_passes_when_its_parent_is_an_original() -> None:
    assert passes(REPLY, ORIGINAL)
    assert passes(REPLY._replace(in_reply_to_user_id=None, conversation_id=None), ORIGINAL)


def test_a_reply_without_a_stored_parent_does_not_pass() -> None:
    assert not passes(REPLY, None)


@pytest.mark.parametrize("form", FORMS)
def test_a_second_level_reply_answers_someone_followed(form: dict[str, Any]) -> None:
    reply = REPLY._replace(**form)
    assert passes(reply, REPLY_TO_ROOT)
    assert not passes(reply._replace(in_reply_to_user_id=99), REPLY_TO_ROOT)
    assert not passes(reply._replace(in_reply_to_user_id=None), REPLY_TO_ROOT)


@pytest.mark.parametrize("parent", [REPLY_TO_ROOT, REPLY_TO_ROOT._replace(is_retweet=True)])
def test_a_second_level_reply_answers_within_the_conversation(parent: PostRecord) -> None:
    assert passes(REPLY, parent)
    assert not passes(REPLY._replace(conversation_id=None), parent)
    assert not passes(REPLY._replace(conversation_id=None, source_post_id=ROOT), parent)  # which is no conversation
    assert not passes(REPLY, parent._replace(in_reply_to_post_id=ROOT + 2))  # a third level
    assert not passes(REPLY, parent._replace(in_reply_to_post_id=None))


def test_a_reply_to_a_repost_does_not_pass() -> None:
    assert not passes(REPLY, ORIGINAL._replace(is_retweet=True))
