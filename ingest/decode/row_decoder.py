"""Decodes for the store: plain creates straight into rows, everything else by the general rules."""

from collections.abc import Callable

from google.protobuf.message import DecodeError

from common.pb.thunder.v1.in_network_pb2 import InNetworkEvent
from common.post import MAX_CREATED_AT
from ingest.batch import Decoder
from ingest.decode.create_rules import with_create_rules
from ingest.decode.refined_event import decode_event
from ingest.events import Dropped, Ignored
from ingest.post_row import PostRow, StoreEvent, create_row


def refined_row_decoder(retention: int, skew: int) -> Decoder[StoreEvent]:
    """The decoder of the refined topic with create_rules, both in seconds: the same outcomes for less work."""
    parse = InNetworkEvent.FromString
    decode_generally = with_create_rules(lambda payload, _now: decode_event(payload), retention, skew)

    def decode(payload: bytes, now: int) -> StoreEvent | Ignored | Dropped:
        try:
            event = parse(payload)
        except DecodeError:
            return decode_generally(payload, now)
        if not event.HasField("tweet_create_event"):
            return decode_generally(payload, now)
        create = event.tweet_create_event
        post_id, author_id, created_at = create.post_id, create.author_id, create.created_at
        reply_post, reply_user = create.in_reply_to_post_id, create.in_reply_to_user_id
        source_post, source_user, root = create.source_post_id, create.source_user_id, create.conversation_id
        if (
            post_id <= 0
            or author_id <= 0
            or reply_post < 0
            or reply_user < 0
            or source_post < 0
            or source_user < 0
            or root < 0
            or not now - retention <= created_at <= now + skew
            or not 0 <= created_at <= MAX_CREATED_AT
        ):
            return decode_generally(payload, now)
        is_reply = create.is_reply or reply_post > 0 or reply_user > 0
        return create_row(
            (
                post_id,
                author_id,
                created_at,
                reply_post,
                reply_user,
                create.is_retweet,
                is_reply,
                source_post,
                source_user,
                create.has_video,
                root,
            )
        )

    return decode


def natively_first(
    decode_natively: Callable[[bytes, int], PostRow | None], decode: Decoder[StoreEvent]
) -> Decoder[StoreEvent]:
    """The decoder, for less work where the native one takes the payload: both make the same row of it."""

    def decode_either(payload: bytes, now: int) -> StoreEvent | Ignored | Dropped:
        row = decode_natively(payload, now)
        return decode(payload, now) if row is None else row

    return decode_either
