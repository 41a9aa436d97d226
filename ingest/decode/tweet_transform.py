"""Rules of the transformer: the raw tweet events that touch the in-network feed, and the events they become."""

from collections.abc import Sequence
from typing import TypeVar

from common.post import LightPost
from ingest.decode.tweet_event import (
    MediaEntity,
    QuotedTweetDeleteEvent,
    Reply,
    Share,
    TweetCreateEvent,
    TweetDeleteEvent,
    TweetEventData,
    read_tweet_event,
)
from ingest.events import (
    Decoded,
    Dropped,
    DropReason,
    EventKind,
    Ignored,
    Malformed,
    MalformedReason,
    PostDelete,
    optional_id,
    required_id,
)

T = TypeVar("T")

MIN_VIDEO_MILLIS = 5000
"""Shortest video, in milliseconds, that makes a post a video post."""


class RawDecoder:
    """Decodes the messages of the raw topic."""

    def __init__(self, retention_seconds: int, delete_quoting_posts: bool) -> None:
        self._retention_seconds = retention_seconds
        self._delete_quoting_posts = delete_quoting_posts

    def __call__(self, payload: bytes, now: int) -> Decoded:
        """Outcome of one message at now (Unix seconds); raises Malformed, and nothing else."""
        data = _required(read_tweet_event(payload).get("data"), "data")
        if (create := data.get("tweet_create_event")) is not None:
            return created_post(create)
        if (delete := data.get("tweet_delete_event")) is not None:
            return deleted_post(delete, now, self._retention_seconds)
        if (quoted_delete := data.get("quoted_tweet_delete_event")) is not None:
            return deleted_quote(quoted_delete, now) if self._delete_quoting_posts else Ignored(EventKind.QUOTED_DELETE)
        return Ignored(ignored_kind(data))


def created_post(event: TweetCreateEvent) -> LightPost | Dropped:
    """The post, unless it is shown in no feed. Its author is event.user, not core_data.user_id."""
    tweet = _required(event.get("tweet"), "tweet")
    user = _required(event.get("user"), "user")
    core_data = _required(tweet.get("core_data"), "core_data")
    if core_data.get("nullcast"):
        return Dropped(DropReason.NULLCAST)
    reply, share = core_data.get("reply"), core_data.get("share")
    replied_to, shared = reply or Reply(), share or Share()
    return LightPost(
        post_id=required_id("tweet.id", _required(tweet.get("id"), "tweet.id")),
        author_id=required_id("user.id", _required(user.get("id"), "user.id")),
        created_at=_required(core_data.get("created_at_secs"), "created_at_secs"),
        in_reply_to_post_id=optional_id("in_reply_to_status_id", replied_to.get("in_reply_to_status_id")),
        in_reply_to_user_id=optional_id("in_reply_to_user_id", replied_to.get("in_reply_to_user_id")),
        is_retweet=share is not None,
        is_reply=reply is not None,
        source_post_id=optional_id("source_status_id", shared.get("source_status_id")),
        source_user_id=optional_id("source_user_id", shared.get("source_user_id")),
        has_video=is_video(tweet.get("media", ())),
        conversation_id=optional_id("conversation_id", core_data.get("conversation_id")),
    )


def is_video(media: Sequence[MediaEntity]) -> bool:
    """Exactly one item, which is a video (not an image or a GIF) of at least MIN_VIDEO_MILLIS."""
    if len(media) != 1:
        return False
    video = media[0].get("media_info", {}).get("video_info", {})
    return video.get("duration_millis", 0) >= MIN_VIDEO_MILLIS


def deleted_post(event: TweetDeleteEvent, now: int, retention_seconds: int) -> PostDelete | Dropped:
    """The deletion, unless the post is known to be older than the retention: then no store holds it."""
    tweet = _required(event.get("tweet"), "tweet")
    post_id = required_id("tweet.id", _required(tweet.get("id"), "tweet.id"))
    created_at = tweet.get("core_data", {}).get("created_at_secs")
    if created_at is not None and now - created_at > retention_seconds:
        return Dropped(DropReason.DELETE_EXPIRED)
    return PostDelete(post_id, now)


def deleted_quote(event: QuotedTweetDeleteEvent, now: int) -> PostDelete:
    """The deletion of the quoting post, which would show a hole. Its age is not known."""
    quoting_id = _required(event.get("quoting_tweet_id"), "quoting_tweet_id")
    return PostDelete(required_id("quoting_tweet_id", quoting_id), now)


def ignored_kind(data: TweetEventData) -> EventKind:
    """The kind of an event without a rule: the name of its variant, UNKNOWN for a variant that is not declared."""
    variant = next(iter(data), None)
    return EventKind(variant) if variant else EventKind.UNKNOWN


def _required(value: T | None, name: str) -> T:
    if value is None:
        raise Malformed(MalformedReason.MISSING_FIELD, name)
    return value
