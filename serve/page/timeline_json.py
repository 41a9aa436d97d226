"""A timeline as the page receives it, with the reason for each post (contract 4.3, 4.4). Pure.

Ids are strings: JavaScript's numbers are exact up to 2 ** 53 only.
"""

from collections.abc import Container, Iterable
from enum import StrEnum

from common.pb.thunder.v1.in_network_pb2 import LightPost
from common.post import post_kind
from serve.page.store import ViewerFollows

Json = dict[str, object]


class Why(StrEnum):
    """The rule that let a post into a timeline, in words for its viewer. A closed set."""

    AUTHOR = "you follow its author"
    REPOST = "reposted by someone you follow"
    MENTION = "a mention by someone you follow"
    UNADDRESSED = "a reply by someone you follow"
    BEGINNING = "answers the post that began the conversation"
    CONVERSATION = "goes on with a conversation, answering someone you follow"
    STORED_POST = "answers a stored post"


def why(post: LightPost, following: Container[int]) -> Why:
    """The rule that let a post of an answer pass, for a viewer who follows these."""
    if post.is_retweet:
        return Why.REPOST
    if not post.is_reply:
        return Why.AUTHOR
    if not post.HasField("in_reply_to_post_id"):
        return Why.MENTION if post.HasField("in_reply_to_user_id") else Why.UNADDRESSED
    return _why_answer(post, following)


def _why_answer(post: LightPost, following: Container[int]) -> Why:
    """The rule for a reply to a stored post: an original, or by an author that the viewer follows."""
    if not post.HasField("conversation_id"):
        return Why.STORED_POST
    if post.in_reply_to_post_id == post.conversation_id:
        return Why.BEGINNING
    return Why.CONVERSATION if post.in_reply_to_user_id in following else Why.STORED_POST


def people_in(posts: Iterable[LightPost]) -> frozenset[int]:
    """The authors of the posts, and those whom the posts answer or repost."""
    return frozenset(person for post in posts for person in (post.author_id, _about(post)) if person)


def posts_as_json(posts: Iterable[LightPost], known: ViewerFollows) -> list[Json]:
    """The posts in their order. known covers people_in(posts)."""
    return [
        {
            "id": str(post.post_id),
            "author": person_as_json(post.author_id, known),
            "created_at": post.created_at,
            "kind": post_kind(post).value,
            "why": why(post, known.followed).value,
            "about": person_as_json(_about(post), known) if _about(post) else None,
        }
        for post in posts
    ]


def person_as_json(id_: int, known: ViewerFollows) -> Json:
    """An id, with its name where it is known."""
    return {"id": str(id_), "name": known.names.get(id_)}


def _about(post: LightPost) -> int:
    """Id of the user whom a post reposts or answers; 0 if there is none."""
    return post.source_user_id if post.is_retweet else post.in_reply_to_user_id
