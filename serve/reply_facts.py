"""What the read rules need of a member besides its kind, and the reply filter itself (contract 4.3, 4.4). Pure."""

from collections.abc import Container
from typing import NamedTuple

from common.member import (
    ID_SIZE,
    TAG_CONVERSATION,
    TAG_IN_REPLY_TO_POST,
    TAG_IN_REPLY_TO_USER,
    TAG_IS_REPLY,
    TAG_IS_RETWEET,
    TAG_SOURCE_USER,
    decode_id,
)
from common.record import Record

SECONDARY_TAGS = frozenset((TAG_IS_REPLY, TAG_IS_RETWEET))
"""Last bytes of the members that are replies or reposts."""


class ReplyFacts(NamedTuple):
    """Ids in their encoded form, None when absent."""

    parent: bytes | None
    user: bytes | None
    conversation: bytes | None


def _after_kind(member: bytes) -> int:
    """Index of the last byte before is_retweet and is_reply."""
    at = len(member) - 1
    if member[at] == TAG_IS_RETWEET:
        at -= 2
    if member[at] == TAG_IS_REPLY:
        at -= 2
    return at


def is_reply(member: bytes) -> bool:
    """Whether a reply or repost is a reply."""
    return member[-1] == TAG_IS_REPLY or member[-3] == TAG_IS_REPLY


def source_user(member: bytes) -> bytes | None:
    """Encoded id of the author of a repost's source; None when the member is no repost or does not say."""
    if member[-1] != TAG_IS_RETWEET:
        return None
    at = _after_kind(member)
    return member[at - ID_SIZE : at] if member[at] == TAG_SOURCE_USER else None


def reply_facts(member: bytes) -> ReplyFacts:
    """What the reply filter asks of a reply or repost."""
    at = _after_kind(member)
    if member[at] == TAG_SOURCE_USER:
        at -= ID_SIZE + 1
    found: list[bytes | None] = []
    for tag in (TAG_IN_REPLY_TO_POST, TAG_IN_REPLY_TO_USER, TAG_CONVERSATION):
        if member[at] == tag:
            found.append(member[at - ID_SIZE : at])
            at -= ID_SIZE + 1
        else:
            found.append(None)
    return ReplyFacts(*found)


def reply_passes(reply: ReplyFacts, parent: Record | None, following: Container[int]) -> bool:
    """Whether a post with a parent passes: the parent is live and an original, or replies to the conversation's root
    and the post answers someone followed.
    """
    if parent is None:
        return False
    if not (parent.is_reply or parent.is_retweet):
        return True
    return (
        reply.conversation is not None
        and reply.user is not None
        and parent.in_reply_to_post_id == decode_id(reply.conversation)
        and decode_id(reply.user) in following
    )
