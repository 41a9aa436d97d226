"""Answers, and what is left to ask for after them. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from thunder_client.messages import Adjustment, GetInNetworkPostsResponse, LightPost, Position


@dataclass(frozen=True, slots=True)
class Timeline:
    """An answer: posts by created_at, then post_id, both descending."""

    posts: Sequence[LightPost]
    partial: bool = False
    """Posts may be missing: a timeout, an unreachable shard, or a store that is being refilled cut the answer."""
    has_more: bool = False
    """There are posts older than the last one. After an empty partial answer: ask again."""
    adjustments: Sequence[Adjustment] = ()
    """Changes that the server made to the request, such as a list that was cut."""

    @classmethod
    def of(cls, response: GetInNetworkPostsResponse) -> Self:
        """The timeline of a response."""
        return cls(tuple(response.posts), response.partial, response.has_more, tuple(response.adjustments))

    @property
    def last_position(self) -> Position | None:
        """Position of the last post, the `before` of the next page; None for an empty timeline."""
        if not self.posts:
            return None
        return Position(created_at=self.posts[-1].created_at, post_id=self.posts[-1].post_id)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place at which a refresh begins. Keep it between refreshes; it can be pickled."""

    created_after: int
    """Unix seconds, exclusive."""
    seen: frozenset[int] = frozenset()
    """Ids of posts created after it that were returned already."""

    @classmethod
    def at(cls, since: "Timeline | Cursor | int", overlap_seconds: int) -> Self:
        """Begins overlap_seconds before a time in Unix seconds or before the newest post of a timeline.

        After a partial timeline it begins at the oldest post: any of its posts may have neighbours that are missing.
        """
        if isinstance(since, Cursor):
            return cls(since.created_after, since.seen)
        if isinstance(since, int):
            return cls(max(0, since - overlap_seconds))
        times = [post.created_at for post in since.posts]
        begin = min(times, default=0) - 1 if since.partial else max(times, default=0) - overlap_seconds
        return cls(max(0, begin), _ids_after(since.posts, begin))

    def after(self, posts: Sequence[LightPost], overlap_seconds: int, *, partial: bool) -> "Cursor":
        """The cursor after a refresh that read these posts. A partial one moves it nowhere: it is read again."""
        if partial:
            return Cursor(self.created_after, self.seen | _ids_after(posts, self.created_after))
        newest = max((post.created_at for post in posts), default=0)
        begin = max(self.created_after, newest - overlap_seconds)
        return Cursor(begin, _ids_after(posts, begin))


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Posts that are new since a cursor, newest first, and the cursor of the next refresh."""

    posts: Sequence[LightPost]
    cursor: Cursor
    partial: bool = False
    """Posts may be missing; the next refresh with this cursor brings them."""
    adjustments: Sequence[Adjustment] = ()


def _ids_after(posts: Iterable[LightPost], time: int) -> frozenset[int]:
    return frozenset(post.post_id for post in posts if post.created_at > time)
