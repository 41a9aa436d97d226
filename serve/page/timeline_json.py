"""A timeline as the page receives it. Pure. Ids are strings: those of JavaScript's numbers end at 2 ** 53."""

from collections.abc import Iterable

from common.pb.thunder.v1.in_network_pb2 import LightPost
from common.post_kind import post_kind
from serve.page.store import ViewerFollows
from serve.page.why import why

Json = dict[str, object]


def people_in(posts: Iterable[LightPost]) -> frozenset[int]:
    """Who wrote them, and whom they answer or pass on."""
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
    """Somebody, by name where it is known."""
    return {"id": str(id_), "name": known.names.get(id_)}


def _about(post: LightPost) -> int:
    """Whom a post passes on or answers; 0 for nobody."""
    return post.source_user_id if post.is_retweet else post.in_reply_to_user_id
