import pytest

from common.post import LightPost
from common.settings.ingest import IngestSettings, TransformSettings
from ingest.batch import Batch, DeadLetter, E, Message, MessageFormat, decode_batch
from ingest.decode.follow_event import encode_follow
from ingest.decode.formats import follow_format, ingest_format, transform_format
from ingest.decode.framing import encode_envelope
from ingest.decode.refined_event import encode_event
from ingest.events import Dropped, DropReason, EventKind, Follow, Ignored, MalformedReason, PostDelete
from ingest.post_row import PostRow, create_row, delete_row, store_event
from tests.support.thrift.golden_tweets import CREATED_AT, core_data, create, event, golden

POST = LightPost(post_id=1000, author_id=10, created_at=CREATED_AT)
ROW = create_row(POST)
MENTION = POST._replace(in_reply_to_user_id=9)
PROTOBUF_FRAME = b"\x00" + b"\x00\x00\x00\x07" + b"\x00"
THRIFT_FRAME = b"\x00" + b"\x00\x00\x00\x07"


def ingest(**settings: str) -> IngestSettings:
    return IngestSettings.model_validate({"kafka_group_id": "g", **settings})


def transform(**settings: str) -> TransformSettings:
    return TransformSettings.model_validate({"kafka_group_id": "g", **settings})


def read(message_format: MessageFormat[E], payload: bytes, now: int = CREATED_AT) -> Batch[E]:
    return decode_batch([Message(0, 7, payload)], message_format, now)


def outcome(message_format: MessageFormat[E], payload: bytes, now: int = CREATED_AT) -> E | Ignored | Dropped:
    (found,) = read(message_format, payload, now).outcomes
    assert not isinstance(found, DeadLetter)
    return found


def test_the_store_is_given_normalised_creates() -> None:
    stored = store_event(MENTION._replace(is_reply=True))
    assert outcome(ingest_format(ingest()), encode_event(MENTION), CREATED_AT) == stored


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (-61, Dropped(DropReason.FUTURE)),
        (-60, ROW),
        (172_800, ROW),
        (172_801, Dropped(DropReason.EXPIRED)),
    ],
)
def test_the_store_is_given_creates_within_skew_and_retention(age: int, expected: PostRow | Dropped) -> None:
    assert outcome(ingest_format(ingest()), encode_event(POST), CREATED_AT + age) == expected


def test_deletes_of_any_time_are_passed_on() -> None:
    assert outcome(ingest_format(ingest()), encode_event(PostDelete(5, -1)), CREATED_AT) == delete_row(5)


def test_the_store_can_be_filled_from_the_raw_topic_in_one_hop() -> None:
    message_format = ingest_format(ingest(events="raw"))
    assert outcome(message_format, create(), CREATED_AT) == ROW
    assert outcome(message_format, create(), CREATED_AT + 172_801) == Dropped(DropReason.EXPIRED)


def test_raw_events_that_concern_no_feed_are_left_out_in_one_hop() -> None:
    message_format = ingest_format(ingest(events="raw"))
    assert outcome(message_format, create(core=core_data(nullcast=True))) == Dropped(DropReason.NULLCAST)
    undelete = event(tweet_undelete=golden.Undelete(tweet=golden.Tweet(id=1000), deleted_at_msec=1))
    assert outcome(message_format, undelete) == Ignored(EventKind.UNDELETE)


def test_the_refined_topic_is_given_creates_as_they_are() -> None:
    mention = create(core=core_data(reply=golden.Reply(in_reply_to_user_id=9)))
    assert outcome(transform_format(transform()), mention, CREATED_AT + 10**6) == MENTION._replace(is_reply=True)


def test_frames_are_taken_off_when_the_settings_say_so() -> None:
    refined = PROTOBUF_FRAME + encode_event(POST)
    raw = THRIFT_FRAME + create()
    assert outcome(ingest_format(ingest(framing="confluent")), refined, CREATED_AT) == ROW
    assert outcome(ingest_format(ingest(framing="confluent", events="raw")), raw, CREATED_AT) == ROW
    assert outcome(transform_format(transform(framing="confluent")), raw, CREATED_AT) == POST


@pytest.mark.parametrize("framing", ["none", "confluent"])
def test_a_bad_event_of_an_envelope_costs_no_other(framing: str) -> None:
    frame = PROTOBUF_FRAME if framing == "confluent" else b""
    payload = frame + encode_envelope([encode_event(POST), b"\xff\xff", encode_event(PostDelete(5, 6))])

    batch = read(ingest_format(ingest(framing=framing)), payload)

    assert batch.events == [ROW, delete_row(5)]
    assert [(reject.message, reject.reason) for reject in batch.dead_letters] == [
        (Message(0, 7, b"\xff\xff"), MalformedReason.BAD_WIRE)
    ]
    assert {message.offset for message in batch.messages} == {7}


def test_an_envelope_that_was_cut_off_is_malformed_as_a_whole() -> None:
    payload = encode_envelope([encode_event(POST), encode_event(POST)])[:-1]
    (reject,) = read(ingest_format(ingest()), payload).dead_letters
    assert (reject.message.payload, reject.reason) == (payload, MalformedReason.BAD_WIRE)


@pytest.mark.parametrize("ahead", [-(10**9), 60, 61])
def test_the_store_is_given_follows_of_any_age_but_none_to_come(ahead: int) -> None:
    follow = Follow(17, 20, 300, CREATED_AT + ahead)
    message = Message(0, 7, encode_follow(follow))
    expected = follow if ahead <= 60 else Dropped(DropReason.FUTURE)
    assert decode_batch([message], follow_format(ingest()), CREATED_AT).outcomes == [expected]


@pytest.mark.parametrize("framing", ["none", "confluent"])
def test_follows_come_framed_and_in_envelopes_too(framing: str) -> None:
    frame = PROTOBUF_FRAME if framing == "confluent" else b""
    follows = [Follow(17, 20, 300, 5), Follow(17, 0, 300, 6, removed=True)]
    payload = frame + encode_envelope([encode_follow(follows[0]), b"\xff\xff", encode_follow(follows[1])])
    batch = decode_batch([Message(0, 7, payload)], follow_format(ingest(framing=framing)), CREATED_AT)
    assert (batch.events, [reject.reason for reject in batch.dead_letters]) == (follows, [MalformedReason.BAD_WIRE])


def test_a_missing_frame_is_malformed() -> None:
    (reject,) = read(ingest_format(ingest(framing="confluent")), encode_event(POST)).dead_letters
    assert reject.reason is MalformedReason.BAD_FRAMING
