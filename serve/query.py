"""Query and answer of a reader: ids and times only, no wire types. Pure."""

from typing import NamedTuple


class Caps(NamedTuple):
    """Most posts of one author that an answer takes, per kind, and live entries looked at per list."""

    original: int
    secondary: int
    video: int
    scan: int


class Query(NamedTuple):
    """One request, validated. following holds distinct ids > 0; a video query reads the video lists alone."""

    viewer_id: int
    following: tuple[int, ...]
    excluded: frozenset[int]
    max_results: int
    video: bool
    caps: Caps


class Summary(NamedTuple):
    """Facts of a set of posts, for metrics. newest and oldest are creation times in Unix seconds, 0 when posts is 0."""

    posts: int
    replies: int
    authors: int
    newest: int
    oldest: int


class Answer(NamedTuple):
    """body is a serialised GetInNetworkPostsResponse; retrieved sums up the candidates, scored the posts in body.

    unreadable: posts left out because a newer version wrote them.
    """

    body: bytes
    partial: bool
    retrieved: Summary
    scored: Summary
    unreadable: int = 0
