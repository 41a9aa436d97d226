import pytest

from common.post import LightPost
from common.store.commands import words
from common.store.record import (
    LISTED_AS_VIDEO,
    claim_of,
    claim_of_delete,
    encode_record,
    listed_claim,
    live_flags,
    live_record,
)

REPLY = LightPost(1, 2, 1000, in_reply_to_post_id=3, in_reply_to_user_id=4, is_reply=True, has_video=True)


def test_a_live_record_tells_what_readers_need() -> None:
    record = live_record(encode_record(REPLY, listed_as_video=False), cutoff=1000)
    assert record == (1000, 2, True, False, True, 3)


@pytest.mark.parametrize("held", [None, b"\x01\x00\x00\x03\xe8", encode_record(REPLY, listed_as_video=False)])
def test_absent_deleted_and_expired_records_do_not_count(held: bytes | None) -> None:
    assert live_record(held, cutoff=1001) is None


def test_a_record_is_small() -> None:
    assert len(encode_record(LightPost(1, 2, 3), listed_as_video=True)) == 19
    assert len(encode_record(REPLY, listed_as_video=True)) == 27


def test_the_bytes_are_pinned() -> None:
    assert encode_record(LightPost(1, 2, 3), listed_as_video=True).hex() == "3000000003000000000000000264ef7e6e9f6d"


REPOST = LightPost(1, 2, 3, is_retweet=True, source_post_id=4, source_user_id=5)


def test_the_bytes_of_replies_reposts_and_videos_are_pinned() -> None:
    reply = encode_record(REPLY, listed_as_video=False).hex(" ", -4)
    assert reply == "2a000003 e8000000 00000000 02bbad89 e4d18900 00000000 000003"
    assert encode_record(REPOST, listed_as_video=False).hex() == "240000000300000000000000020225e1c5942a"


@pytest.mark.parametrize(
    ("post", "kind"),
    [
        (LightPost(1, 2, 3), 0x20),
        (LightPost(1, 2, 3, has_video=True), 0x38),
        (REPOST, 0x24),
        (REPOST._replace(has_video=True), 0x3C),
        (REPLY, 0x2A),
        (REPLY._replace(has_video=False, is_retweet=True), 0x26),
    ],
)
def test_flags_tell_the_kind_of_a_post(post: LightPost, kind: int) -> None:
    assert live_flags(post) == kind
    record = live_record(encode_record(post, listed_as_video=False), cutoff=0)
    assert record
    assert record[2:5] == (post.is_reply, post.is_retweet, post.has_video)


@pytest.mark.parametrize("post", [REPOST, REPLY])
def test_a_claim_is_field_and_record_in_two_words(post: LightPost) -> None:
    field, record = (1).to_bytes(8, "big"), encode_record(post, listed_as_video=False)
    flags = live_flags(post) & ~LISTED_AS_VIDEO
    assert claim_of(post, flags) == words((field, record))
    listed = encode_record(post, listed_as_video=True)
    assert listed != record
    assert listed_claim(claim_of(post, flags)) == words((field, listed))
    assert claim_of_delete(1) == words((field, b""))


def fingerprint(post: LightPost) -> bytes:
    return encode_record(post, listed_as_video=False)[13:19]


@pytest.mark.parametrize("field", LightPost._fields)
def test_every_field_tells_one_create_from_another(field: str) -> None:
    value = getattr(REPLY, field)
    changed = REPLY._replace(**{field: not value if isinstance(value, bool) else 77})
    assert fingerprint(changed) != fingerprint(REPLY)


def test_an_id_of_0_is_an_absent_one() -> None:
    absent = LightPost(1, 2, 1000, in_reply_to_user_id=4, is_reply=True)
    zeros = absent._replace(in_reply_to_post_id=0, source_post_id=0, source_user_id=0, conversation_id=0)
    assert encode_record(zeros, listed_as_video=False) == encode_record(absent, listed_as_video=False)
