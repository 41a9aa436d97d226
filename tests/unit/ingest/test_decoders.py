import pytest

from common.post import LightPost
from common.settings import IngestSettings, TransformSettings
from ingest.decoders import ingest_decoder, transform_decoder
from ingest.events import Dropped, DropReason, Malformed, MalformedReason, PostDelete
from ingest.refined import encode_event
from tests.support.golden_tweets import CREATED_AT, core_data, create, golden

POST = LightPost(post_id=1000, author_id=10, created_at=CREATED_AT)
MENTION = POST._replace(in_reply_to_user_id=9)
PROTOBUF_FRAME = b"\x00" + b"\x00\x00\x00\x07" + b"\x00"
THRIFT_FRAME = b"\x00" + b"\x00\x00\x00\x07"


def ingest(**settings: str) -> IngestSettings:
    return IngestSettings.model_validate({"kafka_group_id": "g", **settings})


def transform(**settings: str) -> TransformSettings:
    return TransformSettings.model_validate({"kafka_group_id": "g", **settings})


def test_the_store_is_given_normalised_creates() -> None:
    assert ingest_decoder(ingest())(encode_event(MENTION), CREATED_AT) == MENTION._replace(is_reply=True)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (-61, Dropped(DropReason.FUTURE)),
        (-60, POST),
        (172_800, POST),
        (172_801, Dropped(DropReason.EXPIRED)),
    ],
)
def test_the_store_is_given_creates_within_skew_and_retention(age: int, expected: LightPost | Dropped) -> None:
    assert ingest_decoder(ingest())(encode_event(POST), CREATED_AT + age) == expected


def test_deletes_are_passed_on_whatever_their_time() -> None:
    assert ingest_decoder(ingest())(encode_event(PostDelete(5, -1)), CREATED_AT) == PostDelete(5, -1)


def test_the_store_can_be_filled_from_the_raw_topic_in_one_hop() -> None:
    decode = ingest_decoder(ingest(events="raw"))
    assert decode(create(), CREATED_AT) == POST
    assert decode(create(), CREATED_AT + 172_801) == Dropped(DropReason.EXPIRED)


def test_the_refined_topic_is_given_creates_as_they_are() -> None:
    mention = create(core=core_data(reply=golden.Reply(in_reply_to_user_id=9)))
    assert transform_decoder(transform())(mention, CREATED_AT + 10**6) == MENTION._replace(is_reply=True)


def test_frames_are_taken_off_when_the_settings_say_so() -> None:
    refined = PROTOBUF_FRAME + encode_event(POST)
    raw = THRIFT_FRAME + create()
    assert ingest_decoder(ingest(framing="confluent"))(refined, CREATED_AT) == POST
    assert ingest_decoder(ingest(framing="confluent", events="raw"))(raw, CREATED_AT) == POST
    assert transform_decoder(transform(framing="confluent"))(raw, CREATED_AT) == POST


def test_a_missing_frame_is_malformed() -> None:
    with pytest.raises(Malformed) as refused:
        ingest_decoder(ingest(framing="confluent"))(encode_event(POST), CREATED_AT)
    assert refused.value.reason is MalformedReason.BAD_FRAMING
