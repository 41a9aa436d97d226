"""A timeline as people and programs read it. Pure."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsResponse, LightPost
from common.post_kind import PostKind, kind_of
from thunder.client import TimedAnswer

NameOf = Callable[[int], str]
"""What to call an author."""


class Entry(NamedTuple):
    """A line of a timeline. about: whom it answers or passes on, else empty."""

    post_id: int
    who: str
    age_seconds: float
    kind: PostKind
    about: str


def entries(posts: Iterable[LightPost], name_of: NameOf, now: float) -> list[Entry]:
    """The posts as lines, in their order."""
    return [
        Entry(
            post.post_id, name_of(post.author_id), max(0.0, now - post.created_at), kind_of(post), _about(post, name_of)
        )
        for post in posts
    ]


def newest_age(response: GetInNetworkPostsResponse, now: float) -> float | None:
    """Seconds since the newest post was written; None for an empty timeline."""
    return max(0.0, now - response.posts[0].created_at) if response.posts else None


def answer_as_json(answer: TimedAnswer, name_of: NameOf, now: float) -> dict[str, object]:
    """The answer as an object: posts with the fields of the wire that are set, their kind, author's name and age."""
    age = newest_age(answer.response, now)
    return {
        "posts": [_post_as_json(post, name_of, now) for post in answer.response.posts],
        "partial": answer.response.partial,
        "took_ms": round(answer.seconds * 1000, 2),
        "newest_age_s": None if age is None else round(age, 2),
    }


def _post_as_json(post: LightPost, name_of: NameOf, now: float) -> dict[str, object]:
    fields: dict[str, object] = {field.name: value for field, value in post.ListFields()}
    return fields | {
        "kind": kind_of(post).value,
        "author": name_of(post.author_id),
        "age_s": round(max(0.0, now - post.created_at), 2),
    }


def _about(post: LightPost, name_of: NameOf) -> str:
    if post.is_retweet and post.source_user_id:
        return f"of {name_of(post.source_user_id)}"
    if post.is_reply and post.in_reply_to_user_id:
        is_own_thread = post.in_reply_to_user_id == post.author_id
        return "to themselves" if is_own_thread else f"to {name_of(post.in_reply_to_user_id)}"
    return ""
