"""The domain noun: a post as the feed sees it."""

from typing import NamedTuple

MAX_ID = 2**63 - 1
"""Largest id of a post or an author: ids are int64 > 0."""

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
        """Neither a reply nor a repost."""
        return not (self.is_reply or self.is_retweet)
