"""The refined topic: InNetworkEvent, protobuf, keyed by post id."""

from google.protobuf.message import DecodeError

from common.pb.thunder.v1.in_network_pb2 import (
    AuthorDeleteEvent,
    InNetworkEvent,
    TweetCreateEvent,
    TweetDeleteEvent,
)
from common.post import LightPost
from ingest.events import (
    AuthorDelete,
    Decoded,
    Event,
    EventKind,
    Ignored,
    Malformed,
    MalformedReason,
    PostDelete,
    optional_id,
    required_id,
)


def decode_event(payload: bytes) -> Decoded:
    """One message; raises Malformed, and nothing else. Times are passed on as they are, however absurd."""
    try:
        event = InNetworkEvent.FromString(payload)
    except DecodeError as error:
        raise Malformed(MalformedReason.BAD_WIRE, f"{len(payload)} bytes are no InNetworkEvent") from error
    match event.WhichOneof("event_variant"):
        case "tweet_create_event":
            return _post(event.tweet_create_event)
        case "tweet_delete_event":
            delete = event.tweet_delete_event
            return PostDelete(required_id("post_id", delete.post_id), delete.deleted_at)
        case "author_delete_event":
            author_delete = event.author_delete_event
            return AuthorDelete(required_id("author_id", author_delete.author_id), author_delete.deleted_at)
        case _:
            if not payload:
                raise Malformed(MalformedReason.MISSING_FIELD, "event_variant")
            return Ignored(EventKind.UNKNOWN)


def encode_event(event: Event) -> bytes:
    """The message of an event; decode_event gives the event back."""
    match event:
        case LightPost():
            message = InNetworkEvent(tweet_create_event=TweetCreateEvent(**event._asdict()))
        case PostDelete():
            message = InNetworkEvent(tweet_delete_event=TweetDeleteEvent(**event._asdict()))
        case AuthorDelete():
            message = InNetworkEvent(author_delete_event=AuthorDeleteEvent(**event._asdict()))
    return message.SerializeToString()


def event_key(event: Event) -> bytes:
    """The message's key, which decides its partition: a create and its delete share one."""
    return b"%d" % (event.author_id if isinstance(event, AuthorDelete) else event.post_id)


def _post(create: TweetCreateEvent) -> LightPost:
    return LightPost(
        required_id("post_id", create.post_id),
        required_id("author_id", create.author_id),
        create.created_at,
        optional_id("in_reply_to_post_id", create.in_reply_to_post_id),
        optional_id("in_reply_to_user_id", create.in_reply_to_user_id),
        create.is_retweet,
        create.is_reply,
        optional_id("source_post_id", create.source_post_id),
        optional_id("source_user_id", create.source_user_id),
        create.has_video,
        optional_id("conversation_id", create.conversation_id),
    )
