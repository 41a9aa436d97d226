import pytest

from common.post import LightPost
from common.store.record import encode_record, live_record

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
