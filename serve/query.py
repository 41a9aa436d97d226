"""Query and answer of a reader: ids and times only, no wire types. Pure."""

from typing import NamedTuple


class Caps(NamedTuple):
    """Most posts of one author that an answer takes, per kind, and live entries looked at per list."""

    original: int
    secondary: int
    video: int
    scan: int


class Place(NamedTuple):
    """A place in the order of answers, which may be that of a post: Unix seconds and id."""

    created_at: int
    post_id: int


class Query(NamedTuple):
    """One request, validated. following holds distinct ids > 0; a video query reads the video lists alone.

    created_after: Unix seconds, exclusive, 0 for no limit; before: the answer begins behind this place. Neither posts
    of excluded_authors and blocked_authors nor reposts of these are in the answer, though replies may answer them.
    """

    viewer_id: int
    following: tuple[int, ...]
    excluded: frozenset[int]
    max_results: int
    video: bool
    caps: Caps
    created_after: int = 0
    before: Place | None = None
    excluded_authors: frozenset[int] = frozenset()
    exclude_replies: bool = False
    exclude_reposts: bool = False
    blocked_authors: frozenset[int] = frozenset()


class Summary(NamedTuple):
    """Facts of a set of posts, for metrics. newest and oldest are creation times in Unix seconds, 0 when posts is 0."""

    posts: int
    replies: int
    authors: int
    newest: int
    oldest: int


class Answer(NamedTuple):
    """body is a serialised GetInNetworkPostsResponse; retrieved sums up the candidates, scored the posts in body.

    has_more: whether older posts may follow, exact unless partial. unreadable: posts left out because a newer version
    wrote them. blocked_authors, blocked_reposts: followed authors that were not read, and reposts that were left out,
    because their author or that of their source is blocked.
    """

    body: bytes
    partial: bool
    retrieved: Summary
    scored: Summary
    has_more: bool = False
    unreadable: int = 0
    blocked_authors: int = 0
    blocked_reposts: int = 0
