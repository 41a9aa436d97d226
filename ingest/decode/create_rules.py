"""Rules for creates that go into the store: normalised, and dropped outside the window of retention and skew."""

from common.post import MAX_CREATED_AT, LightPost
from ingest.batch import Decoder
from ingest.events import Decoded, Dropped, DropReason, Event


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


def with_create_rules(decode: Decoder[Event], retention: int, skew: int) -> Decoder[Event]:
    """The decoder whose creates are normalised, and dropped when the store would refuse them. Both in seconds."""

    def decode_and_accept(payload: bytes, now: int) -> Decoded:
        decoded = decode(payload, now)
        if not isinstance(decoded, LightPost):
            return decoded
        reason = drop_reason(decoded, now, retention, skew)
        return normalised(decoded) if reason is None else Dropped(reason)

    return decode_and_accept
