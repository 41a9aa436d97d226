"""Collects the posts that are new since a cursor. Pure."""

from thunder_client.errors import PartialTimelineError
from thunder_client.messages import Adjustment, LightPost
from thunder_client.paging import PageReader
from thunder_client.query import PostQuery, request_of
from thunder_client.timeline import Cursor, Refreshed, Timeline

OVERLAP_SECONDS = 60
"""Time for a post to get from its creation into the store: one that takes longer is found by a full read only."""


class RefreshReader:
    """Like a PageReader, for all pages from the newest post down to the cursor; `result` once it has `ended`."""

    def __init__(self, since: Timeline | Cursor | int, query: PostQuery, overlap_seconds: int) -> None:
        self._cursor = Cursor.at(since, overlap_seconds)
        self._overlap_seconds = overlap_seconds
        query["created_after"] = self._cursor.created_after
        query["before"] = None
        self.pages = PageReader(request_of(**query), strict=False)
        self._posts: list[LightPost] = []
        self._partial = False
        self._adjustments: list[Adjustment] = []

    def receive(self, answer: Timeline) -> None:
        """Add an answer to a request of `pages`."""
        if (page := self.pages.receive(answer)) is not None:
            self._posts += page.posts
            self._partial |= page.partial
            self._adjustments = self._adjustments or list(page.adjustments)

    def result(self, *, strict: bool) -> Refreshed:
        """The new posts. Raises PartialTimelineError."""
        cursor = self._cursor.after(self._posts, self._overlap_seconds, partial=self._partial)
        new = [post for post in self._posts if post.post_id not in self._cursor.seen]
        refreshed = Refreshed(new, cursor, self._partial, self._adjustments)
        if strict and self._partial:
            raise PartialTimelineError(refreshed)
        return refreshed
