"""Why a post is in a timeline, in words for its viewer (contract 4.3, 4.4). Pure.

Posts in an answer are by followed authors and have passed every rule, so what is left to tell is which rule it was.
"""

from collections.abc import Container
from enum import StrEnum

from common.pb.thunder.v1.in_network_pb2 import LightPost


class Why(StrEnum):
    """A closed set."""

    AUTHOR = "you follow its author"
    REPOST = "reposted by someone you follow"
    MENTION = "a mention by someone you follow"
    UNADDRESSED = "a reply by someone you follow"
    BEGINNING = "answers the post that began the conversation"
    CONVERSATION = "goes on with a conversation, answering someone you follow"
    STORED_POST = "answers a stored post"


def why(post: LightPost, following: Container[int]) -> Why:
    """What let the post into the answer for a viewer who follows these."""
    if post.is_retweet:
        return Why.REPOST
    if not post.is_reply:
        return Why.AUTHOR
    if not post.HasField("in_reply_to_post_id"):
        return Why.MENTION if post.HasField("in_reply_to_user_id") else Why.UNADDRESSED
    return _why_answer(post, following)


def _why_answer(post: LightPost, following: Container[int]) -> Why:
    """Of a reply to a post, which is stored: it is an original, or the viewer follows who is answered."""
    if not post.HasField("conversation_id"):
        return Why.STORED_POST
    if post.in_reply_to_post_id == post.conversation_id:
        return Why.BEGINNING
    return Why.CONVERSATION if post.in_reply_to_user_id in following else Why.STORED_POST
