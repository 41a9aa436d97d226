"""Turns a query into the request of the wire. Pure."""

from collections.abc import Iterable
from typing import TypedDict, Unpack

from thunder_client.messages import GetInNetworkPostsRequest, PerAuthorLimits, Position


class PostQuery(TypedDict, total=False):
    """The posts to ask for, as keyword arguments. All are optional."""

    user_id: int
    """Id of the viewer, whose own posts do not come back as reposts; 0 = no viewer."""
    following: Iterable[int]
    """Ids of the authors to read; without any, the list that the server's follow store has for the viewer."""
    max_results: int
    """Most posts of an answer or of a page; 0 = the server's default."""
    exclude_posts: Iterable[int]
    """Ids of posts to leave out."""
    exclude_authors: Iterable[int]
    """Ids of authors to leave out, as authors and as sources of reposts."""
    exclude_replies: bool
    exclude_reposts: bool
    videos: bool
    """Ask for videos instead of posts."""
    created_after: int
    """Only posts created after this time, in Unix seconds; 0 = no limit."""
    before: Position | None
    """Only posts older than this position."""
    max_posts_per_author: int | None
    """Most posts of an author that are neither replies nor reposts; None = the server's cap."""
    max_replies_reposts_per_author: int | None
    """Most replies and reposts of an author; None = the server's cap."""


def request_of(**query: Unpack[PostQuery]) -> GetInNetworkPostsRequest:
    """The request for a query. ValueError for a number that its field cannot hold."""
    return GetInNetworkPostsRequest(
        user_id=query.get("user_id", 0),
        following_user_ids=query.get("following", ()),
        max_results=query.get("max_results", 0),
        exclude_tweet_ids=query.get("exclude_posts", ()),
        is_video_request=query.get("videos", False),
        per_author_limits=_limits(**query),
        created_after=query.get("created_after", 0),
        before=query.get("before"),
        exclude_author_ids=query.get("exclude_authors", ()),
        exclude_replies=query.get("exclude_replies", False),
        exclude_reposts=query.get("exclude_reposts", False),
    )


def _limits(**query: Unpack[PostQuery]) -> PerAuthorLimits | None:
    posts, others = query.get("max_posts_per_author"), query.get("max_replies_reposts_per_author")
    if posts is None and others is None:
        return None
    return PerAuthorLimits(max_posts_per_author=posts, max_replies_reposts_per_author=others)
