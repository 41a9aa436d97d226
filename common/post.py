"""A post as the feed sees it, and its kind. Pure."""

from enum import StrEnum
from typing import NamedTuple, Protocol

MAX_CREATED_AT = 2**32 - 1
"""Largest creation time that the store holds, in Unix seconds (the year 2106)."""


class LightPost(NamedTuple):
    """A post, a reply or a repost. Times are Unix seconds; an absent optional id is None, never 0."""

    post_id: int
    author_id: int
    created_at: int
    in_reply_to_post_id: int | None = None
    in_reply_to_user_id: int | None = None
    is_retweet: bool = False
    is_reply: bool = False
    source_post_id: int | None = None
    source_user_id: int | None = None
    has_video: bool = False
    conversation_id: int | None = None

    @property
    def is_original(self) -> bool:
        """Whether it is neither a reply nor a repost."""
        return not (self.is_reply or self.is_retweet)


PostFields = tuple[int, int, int, int | None, int | None, bool, bool, int | None, int | None, bool, int | None]
"""A LightPost, or its fields in order as a plain tuple, which is cheaper to make. An id of 0 is absent, too."""


class PostKind(StrEnum):
    """Kind of a post as people see it. A repost of a video is a repost, a reply with a video is a reply."""

    POST = "post"
    REPLY = "reply"
    REPOST = "repost"
    VIDEO = "video"


class PostFlags(Protocol):
    """The flags of a post, of the domain or of the wire."""

    @property
    def is_retweet(self) -> bool:
        """Whether it is a repost."""
        ...

    @property
    def is_reply(self) -> bool:
        """Whether it is a reply."""
        ...

    @property
    def has_video(self) -> bool:
        """Whether it has a video."""
        ...


def post_kind(post: PostFlags) -> PostKind:
    """The one kind under which a post is shown."""
    if post.is_retweet:
        return PostKind.REPOST
    if post.is_reply:
        return PostKind.REPLY
    return PostKind.VIDEO if post.has_video else PostKind.POST
