"""Rules for creates that go into the store: normalised, and dropped outside the window of retention and skew."""

from common.post import MAX_CREATED_AT, LightPost
from ingest.batch import Decoder
from ingest.events import Dropped, DropReason, Event, Ignored
from ingest.post_row import StoreEvent, store_event


def normalised(post: LightPost) -> LightPost:
    """The post with is_reply set when it answers a post or an author."""
    if post.is_reply or (post.in_reply_to_post_id is None and post.in_reply_to_user_id is None):
        return post
    return post._replace(is_reply=True)


def drop_reason(post: LightPost, now: int, retention: int, skew: int) -> DropReason | None:
    """Reason not to store the post at now, None to store it. All in (Unix) seconds; both limits are inclusive."""
    if post.created_at > min(now + skew, MAX_CREATED_AT):
        return DropReason.FUTURE
    if now - post.created_at > retention or post.created_at < 0:
        return DropReason.EXPIRED
    return None


def with_create_rules(decode: Decoder[Event], retention: int, skew: int) -> Decoder[StoreEvent]:
    """The decoder for the store: creates are normalised, and dropped when it would refuse them. Both in seconds."""

    def decode_for_store(payload: bytes, now: int) -> StoreEvent | Ignored | Dropped:
        decoded = decode(payload, now)
        if isinstance(decoded, (Ignored, Dropped)):
            return decoded
        if not isinstance(decoded, LightPost):
            return store_event(decoded)
        reason = drop_reason(decoded, now, retention, skew)
        return store_event(normalised(decoded)) if reason is None else Dropped(reason)

    return decode_for_store
