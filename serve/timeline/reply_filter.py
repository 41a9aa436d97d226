"""The reply filter, and the fields of a member that the read rules need (contract 4.3, 4.4). Pure."""

from collections.abc import Container

from common.store.member import (
    ID_SIZE,
    TAG_CONVERSATION,
    TAG_IN_REPLY_TO_POST,
    TAG_IN_REPLY_TO_USER,
    TAG_IS_REPLY,
    TAG_IS_RETWEET,
    TAG_SOURCE_USER,
    decode_id,
)
from common.store.record import PostRecord

SECONDARY_TAGS = frozenset((TAG_IS_REPLY, TAG_IS_RETWEET))
"""Last bytes of the members that are replies or reposts."""


def is_reply(member: bytes) -> bool:
    """Whether a reply or repost is a reply."""
    return member[-1] == TAG_IS_REPLY or member[-3] == TAG_IS_REPLY


def endings_of_reposts_of(user: bytes) -> tuple[bytes, bytes]:
    """Endings of members that repost a post of this user (encoded id): of a repost, and of one that is a reply."""
    return (
        user + bytes((TAG_SOURCE_USER, 1, TAG_IS_RETWEET)),
        user + bytes((TAG_SOURCE_USER, 1, TAG_IS_REPLY, 1, TAG_IS_RETWEET)),
    )


def source_user_of_repost(member: bytes) -> bytes | None:
    """Encoded id of the author whose post this one reposts; None when it is no repost, or does not say."""
    if member[-1] != TAG_IS_RETWEET:
        return None
    at = len(member) - (5 if member[-3] == TAG_IS_REPLY else 3)
    return member[at - ID_SIZE : at] if member[at] == TAG_SOURCE_USER else None


def parent_of(member: bytes) -> bytes | None:
    """Encoded id of the post that a reply answers; None when it answers none."""
    at = _after_source_user(member)
    return member[at - ID_SIZE : at] if member[at] == TAG_IN_REPLY_TO_POST else None


def reply_passes(reply: bytes, parent: PostRecord | None, following: Container[int]) -> bool:
    """Whether a member with a parent passes: the parent is live and an original, or replies to the conversation's root
    and the reply answers someone followed.
    """
    if parent is None:
        return False
    if not (parent.is_reply or parent.is_retweet):
        return True
    at = _after_source_user(reply) - (ID_SIZE + 1)
    if reply[at] != TAG_IN_REPLY_TO_USER or reply[at - ID_SIZE - 1] != TAG_CONVERSATION:
        return False
    user, conversation = reply[at - ID_SIZE : at], reply[at - 2 * ID_SIZE - 1 : at - ID_SIZE - 1]
    return parent.in_reply_to_post_id == decode_id(conversation) and decode_id(user) in following


def _after_source_user(member: bytes) -> int:
    """Index of the last byte before is_retweet, is_reply and source_user_id."""
    at = len(member) - 1
    if member[at] == TAG_IS_RETWEET:
        at -= 2
    if member[at] == TAG_IS_REPLY:
        at -= 2
    return at - (ID_SIZE + 1) if member[at] == TAG_SOURCE_USER else at
