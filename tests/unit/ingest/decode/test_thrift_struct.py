import pytest

from ingest.decode.tweet_event import TweetEvent, read_tweet_event
from ingest.events import Malformed, MalformedReason
from tests.support.thrift.golden_tweets import core_data, create, golden, media
from tests.support.thrift.thrift_bytes import (
    BOOL,
    I32,
    I64,
    LIST,
    SET,
    STRING,
    STRUCT,
    container,
    field,
    fields,
    i32,
    i64,
    string,
)


def event(*tweet: bytes) -> bytes:
    """A create event whose tweet has these fields."""
    create_event = fields(field(STRUCT, 1, fields(*tweet)))
    return fields(field(STRUCT, 1, fields(field(STRUCT, 1, create_event))))


def read_tweet(*tweet: bytes) -> object:
    return read_tweet_event(event(*tweet)).get("data", {}).get("tweet_create_event", {}).get("tweet")


def core(*written: bytes) -> bytes:
    return field(STRUCT, 2, fields(*written))


def refusal(payload: bytes) -> MalformedReason:
    with pytest.raises(Malformed) as refused:
        read_tweet_event(payload)
    return refused.value.reason


def full_create() -> bytes:
    reply = golden.Reply(in_reply_to_status_id=900, in_reply_to_user_id=9, in_reply_to_screen_name="nine")
    video = media(video_info=golden.Video(duration_millis=5000))
    core = core_data(reply=reply, share=golden.Share(source_status_id=7), nullcast=True, conversation_id=8)
    return create(core=core, tweet={"media": [video]})


def test_declared_fields_are_read_as_declared() -> None:
    expected: TweetEvent = {
        "data": {
            "tweet_create_event": {
                "tweet": {
                    "id": 1000,
                    "core_data": {
                        "text": "grüße",
                        "created_via": "web",
                        "created_at_secs": 1_790_000_000,
                        "reply": {
                            "in_reply_to_status_id": 900,
                            "in_reply_to_user_id": 9,
                            "in_reply_to_screen_name": "nine",
                        },
                        "share": {"source_status_id": 7},
                        "nullcast": True,
                        "conversation_id": 8,
                    },
                    "media": [{"media_info": {"video_info": {"duration_millis": 5000}}}],
                },
                "user": {"id": 10},
            }
        }
    }
    assert read_tweet_event(full_create()) == expected


OTHER_TYPES = {
    "an id as i32": field(I32, 1, i32(7)),
    "an id as text": field(STRING, 1, string(b"12345678")),
    "an id as bool": field(BOOL, 1, b"\x01"),
    "a struct as text": field(STRING, 2, string(b"core data")),
    "a struct as i64": field(I64, 2, i64(7)),
    "a struct as list": field(LIST, 2, container(I64, i64(7))),
    "a list as struct": field(STRUCT, 7, fields(field(I64, 1, i64(7)))),
    "a list as set": field(SET, 7, container(STRUCT, fields())),
}


@pytest.mark.parametrize("written", OTHER_TYPES.values(), ids=OTHER_TYPES.keys())
def test_a_field_of_another_type_than_declared_is_skipped(written: bytes) -> None:
    assert read_tweet(written, field(I64, 1, i64(5))) == {"id": 5}
    assert read_tweet(written) == {}


def test_scalars_and_strings_of_another_type_are_skipped() -> None:
    written = core(field(I64, 2, i64(7)), field(I32, 4, i32(7)), field(I64, 11, i64(1)), field(BOOL, 14, b"\x01"))
    assert read_tweet(written) == {"core_data": {}}


@pytest.mark.parametrize(
    "elements", [container(I64, i64(7)), container(STRING, string(b"media")), container(LIST, container(BOOL, b"\x01"))]
)
def test_a_list_of_other_elements_than_declared_reads_as_empty(elements: bytes) -> None:
    assert read_tweet(field(LIST, 7, elements), field(I64, 1, i64(5))) == {"media": [], "id": 5}


def test_a_field_sent_twice_counts_as_sent_last() -> None:
    assert read_tweet(field(I64, 1, i64(5)), field(I64, 1, i64(6))) == {"id": 6}


def test_a_list_of_structs_is_bounded() -> None:
    assert read_tweet(field(LIST, 7, container(STRUCT, bytes(3), claimed_count=3))) == {"media": [{}, {}, {}]}
    too_many = container(STRUCT, bytes(100_001), claimed_count=100_001)
    assert refusal(event(field(LIST, 7, too_many))) is MalformedReason.TOO_LARGE
    assert refusal(event(field(LIST, 7, container(STRUCT, claimed_count=50_000)))) is MalformedReason.TRUNCATED


def test_declared_levels_count_towards_the_limit_of_depth() -> None:
    def nested(levels: int) -> bytes:
        return event(field(STRUCT, 99, field(STRUCT, 1, b"") * (levels - 1) + bytes(levels)))

    declared_levels = 4  # the event, its data, the create, the tweet
    read_tweet_event(nested(64 - declared_levels))
    assert refusal(nested(65 - declared_levels)) is MalformedReason.TOO_DEEP


def test_elements_of_a_list_count_as_a_level_each() -> None:
    def nested(levels: int) -> bytes:
        element = fields(field(STRUCT, 99, field(STRUCT, 1, b"") * (levels - 1) + bytes(levels)))
        return event(field(LIST, 7, container(STRUCT, element, claimed_count=1)))

    declared_levels = 6  # the list and its element, too
    read_tweet_event(nested(64 - declared_levels))
    assert refusal(nested(65 - declared_levels)) is MalformedReason.TOO_DEEP


@pytest.mark.parametrize("text", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"ok\xf8\x88\x80\x80\x80"])
def test_declared_strings_are_utf8(text: bytes) -> None:
    for field_id in (2, 3):
        assert refusal(event(core(field(STRING, field_id, string(text))))) is MalformedReason.BAD_UTF8
    reply = field(STRUCT, 5, fields(field(STRING, 3, string(text))))
    assert refusal(event(core(reply))) is MalformedReason.BAD_UTF8


@pytest.mark.parametrize("size", [7, 1_000_000, 2**31 - 1, -1])
def test_a_declared_string_does_not_reach_past_the_payload(size: int) -> None:
    written = core(field(STRING, 2, string(b"", claimed_size=size)))
    assert refusal(event(written)) is MalformedReason.TRUNCATED


def test_every_cut_of_a_message_is_refused_as_truncated() -> None:
    payload = full_create()
    reasons = {refusal(payload[:size]) for size in range(len(payload))}
    assert reasons == {MalformedReason.TRUNCATED}


def test_a_union_has_exactly_one_variant() -> None:
    def union(*variants: int) -> bytes:
        return fields(field(STRUCT, 1, fields(*(field(STRUCT, variant, b"\x00") for variant in variants))))

    assert read_tweet_event(union(3)) == {"data": {"additional_field_update": {}}}
    assert read_tweet_event(union(99)) == {"data": {}}
    assert refusal(union(3, 5)) is MalformedReason.BAD_WIRE
    assert refusal(union()) is MalformedReason.MISSING_FIELD


def test_a_message_is_one_struct_and_nothing_behind_it() -> None:
    assert refusal(full_create() + b"\x00") is MalformedReason.BAD_WIRE


def test_refusals_name_the_shape_of_a_value_and_not_its_content() -> None:
    with pytest.raises(Malformed) as refused:
        read_tweet_event(event(core(field(STRING, 2, string(b"secret\xff")))))
    assert "secret" not in str(refused.value)
