"""Builds a timeline: rounds of fetching and merging until the answer is exact, or time or bytes run out."""

import time
from collections.abc import Sequence

from common.errors import StoreUnavailable
from common.retention import Retention
from common.store.member import LATEST_TIME
from common.store.record import live_record
from common.telemetry.tracing import span
from serve.deadline import NO_DEADLINE, Deadline
from serve.query import Answer, Query
from serve.timeline.merge import Merge, Merged
from serve.timeline.read_plan import (
    Fetcher,
    FetchRequest,
    FetchResult,
    authors_to_read,
    ends_at_floor,
    first_depth,
    next_depth,
    parts_of,
    wire_bytes,
)
from serve.timeline.response import response_bytes, summarise


class Timelines:
    """Answers queries from the store behind a fetcher."""

    def __init__(self, fetcher: Fetcher, retention: Retention, max_bytes: int) -> None:
        self._fetcher = fetcher
        self._retention = retention
        self._max_bytes = max_bytes

    async def read(self, query: Query, now: int, deadline: Deadline = NO_DEADLINE) -> Answer:
        """The newest posts that pass every rule at now (Unix seconds).

        Partial when the deadline comes first. StoreUnavailable when no shard has answered at all.
        """
        progress = _Progress(query, now, self._retention.oldest(now), self._max_bytes)
        while request := progress.next_request():
            is_over = not await self._read_round(request, progress, deadline)
            progress.merge()
            if is_over:
                break
        return progress.answer()

    async def _read_round(self, request: FetchRequest, progress: "_Progress", deadline: Deadline) -> bool:
        """Read a round part by part; False when nothing more can be read. StoreUnavailable at the very first."""
        parts = parts_of(request)
        for number, part in enumerate(parts):
            if deadline.has_expired(time.monotonic()):
                progress.give_up(parts[number:])
                return False
            try:
                with span("round", authors=len(part.depths), parents=len(part.parents)):
                    fetched = await self._fetcher.fetch(part, deadline)
            except StoreUnavailable:
                if not progress.has_read:
                    raise
                progress.give_up(parts[number:])
                return False
            progress.add(part, fetched)
        return True


class _Progress:
    """State of one request: the next fetch, and the answer so far. No I/O."""

    def __init__(self, query: Query, now: int, oldest: int, max_bytes: int) -> None:
        """oldest: created_at of the oldest post that the retention keeps, in Unix seconds."""
        self.partial = False
        self.has_read = False
        self._query = query
        self._oldest = oldest
        self._floor = min(max(oldest, query.created_after + 1), LATEST_TIME)
        self._read_down_to = self._floor if ends_at_floor(query, now) else None
        self._bytes_left = max_bytes
        authors = authors_to_read(query) if _can_hold_posts(query, self._floor) else ()
        self._depths = dict.fromkeys(authors, first_depth(query, now))
        self._merge = Merge(query, self._floor)
        self._merged = Merged([], [], list(authors), [])

    def next_request(self) -> FetchRequest | None:
        """The next fetch; None when the answer is exact or no more bytes may be read."""
        depths = {author: self._depths[author] for author in self._merged.incomplete_authors}
        if not depths and not self._merged.unknown_parents:
            return None
        self._bytes_left -= wire_bytes(sum(depths.values()))
        if self._bytes_left < 0:
            self.partial = True
            return None
        return FetchRequest(depths, self._merged.unknown_parents, self._query.video, self._read_down_to)

    def add(self, request: FetchRequest, fetched: FetchResult) -> None:
        """Add a part of a round. What is missing is not fetched again: the list ends, the parent counts as absent."""
        self.has_read = True
        self.partial |= fetched.partial
        for author, depth in request.depths.items():
            members = fetched.members.get(author)
            if members is None:
                self._merge.close_author(author)
            else:
                self._merge.add_author(author, members, complete=len(members) < depth)
                self._depths[author] = next_depth(depth)
        for parent in request.parents:
            if parent in fetched.records:
                self._merge.add_parent(parent, live_record(fetched.records[parent], self._oldest))
            else:
                self._merge.close_parent(parent)
        if len(request.depths) < len(self._merged.incomplete_authors):  # one part of several
            self._merge.sort_part()

    def give_up(self, requests: Sequence[FetchRequest]) -> None:
        """Leave the rest of a round unread: the answer is partial."""
        for request in requests:
            self.add(request, FetchResult({}, {}, partial=True))

    def merge(self) -> None:
        """Merge the round that was added."""
        self._merged = self._merge.run()

    def answer(self) -> Answer:
        """The answer from all that is known."""
        passed, examined, author_of = self._merged.passed, self._merged.examined, self._merge.author_of
        partial = self.partial or self._merge.unreadable > 0
        has_more = self._merged.has_more or (partial and self._merge.may_have_more(self._merged))
        return Answer(
            response_bytes(passed, author_of, partial=partial, has_more=has_more),
            partial,
            retrieved=summarise(examined, self._merge.authors_of_newest(examined)),
            scored=summarise(passed, len(set(map(author_of.__getitem__, passed)))),
            has_more=has_more,
            unreadable=self._merge.unreadable,
            blocked_authors=len(self._query.blocked_authors.intersection(self._query.following)),
            blocked_reposts=self._merge.blocked_reposts,
        )


def _can_hold_posts(query: Query, floor: int) -> bool:
    """Whether there are posts between the floor and the place that the page begins behind."""
    return query.before is None or query.before.created_at >= floor
