import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.ids import MAX_ID
from common.pb.thunder.v1.in_network_pb2 import AuthorDeleteEvent, InNetworkEvent, TweetCreateEvent, TweetDeleteEvent
from common.post import LightPost
from ingest.decode.refined_event import decode_event, encode_event, event_key
from ingest.events import AuthorDelete, Event, EventKind, Ignored, Malformed, MalformedReason, PostDelete

CREATE = TweetCreateEvent(post_id=1000, author_id=10, created_at=1_790_000_000)
OPTIONAL_IDS = [
    "in_reply_to_post_id",
    "in_reply_to_user_id",
    "source_post_id",
    "source_user_id",
    "conversation_id",
]

ids = st.integers(1, MAX_ID)
optional_ids = st.none() | ids
times = st.integers(-(2**63), 2**63 - 1)
posts = st.builds(
    LightPost,
    post_id=ids,
    author_id=ids,
    created_at=times,
    in_reply_to_post_id=optional_ids,
    in_reply_to_user_id=optional_ids,
    is_retweet=st.booleans(),
    is_reply=st.booleans(),
    source_post_id=optional_ids,
    source_user_id=optional_ids,
    has_video=st.booleans(),
    conversation_id=optional_ids,
)
events = posts | st.builds(PostDelete, ids, times) | st.builds(AuthorDelete, ids, times)


def changed(name: str, value: int) -> bytes:
    """The message of a create with one field set otherwise."""
    message = InNetworkEvent(tweet_create_event=CREATE)
    setattr(message.tweet_create_event, name, value)
    return message.SerializeToString()


def refusal(payload: bytes) -> Malformed:
    with pytest.raises(Malformed) as refused:
        decode_event(payload)
    return refused.value


@given(events)
def test_an_event_survives_the_refined_topic(event: Event) -> None:
    assert decode_event(encode_event(event)) == event


def test_messages_are_those_of_the_wire_contract() -> None:
    post = LightPost(1000, 10, 1_790_000_000, in_reply_to_post_id=900, is_reply=True)
    create = InNetworkEvent.FromString(encode_event(post))
    assert create.tweet_create_event == TweetCreateEvent(
        post_id=1000, author_id=10, created_at=1_790_000_000, in_reply_to_post_id=900, is_reply=True
    )
    assert not create.tweet_create_event.HasField("source_post_id")
    delete = InNetworkEvent.FromString(encode_event(PostDelete(1000, 7)))
    assert delete.tweet_delete_event == TweetDeleteEvent(post_id=1000, deleted_at=7)
    author_delete = InNetworkEvent.FromString(encode_event(AuthorDelete(10, 7)))
    assert author_delete.author_delete_event == AuthorDeleteEvent(author_id=10, deleted_at=7)


def test_create_and_delete_share_a_key_author_delete_has_its_own() -> None:
    assert event_key(LightPost(1000, 10, 5)) == event_key(PostDelete(1000, 5)) == b"1000"
    assert event_key(AuthorDelete(10, 5)) == b"10"


@pytest.mark.parametrize("name", OPTIONAL_IDS)
def test_an_optional_id_of_0_is_absent(name: str) -> None:
    assert decode_event(changed(name, 0)) == LightPost(1000, 10, 1_790_000_000)


@pytest.mark.parametrize("name", ["post_id", "author_id", *OPTIONAL_IDS])
def test_an_id_below_0_is_refused_by_its_name(name: str) -> None:
    assert str(refusal(changed(name, -1))) == f"{MalformedReason.BAD_ID}: {name} is not above 0"


def test_events_without_an_id_are_refused() -> None:
    messages = [
        InNetworkEvent(tweet_create_event=TweetCreateEvent(author_id=10, created_at=5)),
        InNetworkEvent(tweet_create_event=TweetCreateEvent(post_id=1000, created_at=5)),
        InNetworkEvent(tweet_delete_event=TweetDeleteEvent(deleted_at=5)),
        InNetworkEvent(author_delete_event=AuthorDeleteEvent(deleted_at=5)),
    ]
    assert {refusal(message.SerializeToString()).reason for message in messages} == {MalformedReason.BAD_ID}


@pytest.mark.parametrize("payload", [b"\xff", b"not protobuf", b"\x0a\x7f\x08", b"\x00\x00\x00\x00\x01\x00"])
def test_bytes_that_are_no_protobuf_are_refused(payload: bytes) -> None:
    assert refusal(payload).reason is MalformedReason.BAD_WIRE


def test_an_empty_message_is_refused() -> None:
    assert refusal(b"").reason is MalformedReason.MISSING_FIELD


def test_a_variant_of_a_newer_schema_is_ignored() -> None:
    field_15 = b"\x7a\x02\x08\x01"
    assert decode_event(field_15) == Ignored(EventKind.UNKNOWN)


def test_a_field_of_a_newer_schema_changes_nothing() -> None:
    field_15 = b"\x7a\x02\x08\x01"
    assert decode_event(encode_event(PostDelete(1000, 7)) + field_15) == PostDelete(1000, 7)
