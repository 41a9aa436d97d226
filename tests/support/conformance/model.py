"""The contract in its plainest form: one process, plain lists, no cleverness. Compared with everything faster."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from common.post import LightPost
from ingest.events import AuthorDelete, Event, PostDelete
from serve.query import Query


class Stored(NamedTuple):
    """A post and whether it stands in its author's video list."""

    post: LightPost
    listed_as_video: bool


class Page(NamedTuple):
    """Post ids of an answer, in its order, and whether older posts follow."""

    posts: list[int]
    has_more: bool


class Model:
    """Contract 3 and 4. Times are Unix seconds."""

    def __init__(self, retention_seconds: int, list_cap: int = 5000) -> None:
        self._retention = retention_seconds
        self._list_cap = list_cap
        self._stored: dict[int, Stored] = {}
        self._ids_of: defaultdict[int, set[int]] = defaultdict(set)
        self._tombstones: dict[int, int] = {}
        self._erasures: dict[int, tuple[int, int]] = {}

    def apply(self, events: Iterable[Event], now: int) -> None:
        for event in events:
            if isinstance(event, PostDelete):
                self._delete(event.post_id, now)
            elif isinstance(event, AuthorDelete):
                self._erase(event, now)
            else:
                self._create(event, now)

    def read(self, query: Query, now: int) -> list[int]:
        """Post ids of the answer, in its order."""
        return self.page(query, now).posts

    def page(self, query: Query, now: int) -> Page:
        """The answer."""
        older = [
            post.post_id
            for post in self.all_posts(query, now)
            if query.before is None or newest_first(post) > (-query.before.created_at, -query.before.post_id)
        ]
        return Page(older[: query.max_results], len(older) > query.max_results)

    def all_posts(self, query: Query, now: int) -> list[LightPost]:
        """All posts of a request without `before` and without a limit: newest first."""
        found: list[LightPost] = []
        for author in query.following:
            if author in query.excluded_authors | query.blocked_authors:
                continue
            for posts, cap, filters_replies in self._lists(author, query, now):
                found += self._take(posts, cap, query, now, filters_replies=filters_replies)
        return sorted(found, key=newest_first)

    def videos(self, author: int, now: int) -> list[LightPost]:
        """Newest first, at most list_cap."""
        return self._newest(stored.post for stored in self._of(author, now) if stored.listed_as_video)

    def posts(self, author: int, now: int, *, secondary: bool) -> list[LightPost]:
        """Originals, or replies and reposts: newest first, at most list_cap."""
        return self._newest(stored.post for stored in self._of(author, now) if stored.post.is_original != secondary)

    def live(self, post_id: int | None, now: int) -> LightPost | None:
        stored = self._stored.get(post_id or 0)
        return stored.post if stored and self._counts(stored.post.created_at, now) else None

    def _create(self, post: LightPost, now: int) -> None:
        if self._counts(self._tombstones.get(post.post_id, -1), now) or self.live(post.post_id, now):
            return
        through, erased_at = self._erasures.get(post.author_id, (-1, -1))
        if post.created_at <= through and self._counts(erased_at, now):
            self._delete(post.post_id, now)
            return
        source = self.live(post.source_post_id, now) if post.is_retweet else None
        from_source = source is not None and source.has_video and not source.is_reply
        self._ids_of[post.author_id].add(post.post_id)
        self._stored[post.post_id] = Stored(post, not post.is_reply and (post.has_video or from_source))

    def _delete(self, post_id: int, now: int) -> None:
        self._stored.pop(post_id, None)
        self._tombstones[post_id] = max(now, self._tombstones.get(post_id, 0))

    def _erase(self, event: AuthorDelete, now: int) -> None:
        through, _ = self._erasures.get(event.author_id, (-1, -1))
        deleted_at = event.deleted_at if event.deleted_at > 0 else now
        self._erasures[event.author_id] = (max(through, deleted_at), now)
        for stored in self._of(event.author_id, now):
            if stored.post.created_at <= deleted_at:
                self._delete(stored.post.post_id, now)

    def _counts(self, time: int, now: int) -> bool:
        return time >= 0 and now - time <= self._retention

    def _of(self, author: int, now: int) -> list[Stored]:
        found = (self._stored.get(post_id) for post_id in self._ids_of[author])
        return [
            stored
            for stored in found
            if stored and stored.post.author_id == author and self._counts(stored.post.created_at, now)
        ]

    def _newest(self, posts: Iterable[LightPost]) -> list[LightPost]:
        return sorted(posts, key=newest_first)[: self._list_cap]

    def _lists(self, author: int, query: Query, now: int) -> list[tuple[list[LightPost], int, bool]]:
        if query.video:
            return [(self.videos(author, now), query.caps.video, False)]
        return [
            (self.posts(author, now, secondary=False), query.caps.original, False),
            (self.posts(author, now, secondary=True), query.caps.secondary, True),
        ]

    def _take(
        self, posts: list[LightPost], cap: int, query: Query, now: int, *, filters_replies: bool
    ) -> list[LightPost]:
        newer = [post for post in posts if not query.created_after or post.created_at > query.created_after]
        scanned = [post for post in newer if post.post_id not in query.excluded][: query.caps.scan]
        kept = [
            post
            for post in scanned
            if not (post.is_retweet and post.source_user_id in self._hidden_sources(query))
            and not (query.exclude_replies and post.is_reply)
            and not (query.exclude_reposts and post.is_retweet)
            and (not filters_replies or self._reply_passes(post, query, now))
        ]
        return kept[:cap]

    def _hidden_sources(self, query: Query) -> frozenset[int]:
        return query.excluded_authors | query.blocked_authors | {query.viewer_id}

    def _reply_passes(self, post: LightPost, query: Query, now: int) -> bool:
        if post.in_reply_to_post_id is None:
            return True
        parent = self.live(post.in_reply_to_post_id, now)
        if parent is None:
            return False
        if parent.is_original:
            return True
        return (
            post.conversation_id is not None
            and parent.in_reply_to_post_id == post.conversation_id
            and post.in_reply_to_user_id in query.following
        )


def newest_first(post: LightPost) -> tuple[int, int]:
    return (-post.created_at, -post.post_id)
