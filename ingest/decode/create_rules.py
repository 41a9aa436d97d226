"""Which creates the store takes, and in what form."""

from common.post import MAX_CREATED_AT, LightPost
from ingest.events import DropReason


def normalised(post: LightPost) -> LightPost:
    """The post with is_reply set when it answers a post or an author, whatever its source said."""
    if post.is_reply or (post.in_reply_to_post_id is None and post.in_reply_to_user_id is None):
        return post
    return post._replace(is_reply=True)


def drop_reason(post: LightPost, now: int, retention: int, skew: int) -> DropReason | None:
    """Why the post is not stored at now, None when it is. All in (Unix) seconds; both limits belong to the window."""
    if post.created_at > min(now + skew, MAX_CREATED_AT):
        return DropReason.FUTURE
    if now - post.created_at > retention or post.created_at < 0:
        return DropReason.EXPIRED
    return None
