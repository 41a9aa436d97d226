"""A timeline: rounds of fetching and merging until the answer is exact, or time or bytes run out."""

import time

from common.errors import StoreUnavailable
from common.retention import Retention
from common.store.record import live_record
from common.telemetry.tracing import span
from serve.query import Answer, Query
from serve.timeline.merge import Merge, Merged
from serve.timeline.read_plan import Fetcher, FetchRequest, FetchResult, first_depth, next_depth, wire_bytes
from serve.timeline.response import response_bytes, summarise


class Timelines:
    """Answers queries from the store behind a fetcher."""

    def __init__(self, fetcher: Fetcher, retention: Retention, max_bytes: int) -> None:
        self._fetcher = fetcher
        self._retention = retention
        self._max_bytes = max_bytes

    async def read(self, query: Query, now: int, timeout: float | None = None) -> Answer:
        """The newest posts that pass every rule at now (Unix seconds).

        Within timeout seconds, else with partial set. StoreUnavailable when no shard has answered at all.
        """
        progress = _Progress(query, self._retention.oldest(now), self._max_bytes)
        deadline = None if timeout is None else time.monotonic() + timeout
        while reading := progress.next_reading():
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                progress.partial = True
                break
            try:
                with span("round", authors=len(reading.depths), parents=len(reading.parents)):
                    fetched = await self._fetcher.fetch(reading, left)
            except StoreUnavailable:
                if not progress.has_read:
                    raise
                progress.partial = True
                break
            progress.take(reading, fetched)
        return progress.answer()


class _Progress:
    """How far one request has got: what to fetch next, and the answer so far. No I/O."""

    def __init__(self, query: Query, oldest: int, max_bytes: int) -> None:
        self.partial = False
        self.has_read = False
        self._video = query.video
        self._oldest = oldest
        self._bytes_left = max_bytes
        self._depths = dict.fromkeys(query.following, first_depth(query))
        self._merge = Merge(query, oldest)
        self._merged = Merged([], [], list(query.following), [])

    def next_reading(self) -> FetchRequest | None:
        """What to fetch next; None when the answer is exact or may read no more."""
        depths = {author: self._depths[author] for author in self._merged.short}
        if not depths and not self._merged.unknown_parents:
            return None
        self._bytes_left -= wire_bytes(depths)
        if self._bytes_left < 0:
            self.partial = True
            return None
        return FetchRequest(depths, self._merged.unknown_parents, self._video)

    def take(self, reading: FetchRequest, fetched: FetchResult) -> None:
        """Merge a round. What did not come is not asked for again: those lists end here, those parents do not count."""
        self.has_read = True
        self.partial |= fetched.partial
        for author, depth in reading.depths.items():
            members = fetched.members.get(author)
            if members is None:
                self._merge.give_up(author)
            else:
                self._merge.add_author(author, members, complete=len(members) < depth)
                self._depths[author] = next_depth(depth)
        for parent in reading.parents:
            self._merge.add_parent(parent, live_record(fetched.records.get(parent), self._oldest))
        self._merged = self._merge.run()

    def answer(self) -> Answer:
        """The answer from all that is known."""
        passed, examined, author_of = self._merged.passed, self._merged.examined, self._merge.author_of
        partial = self.partial or self._merge.unreadable > 0
        return Answer(
            response_bytes(passed, author_of, partial=partial),
            partial,
            retrieved=summarise(examined, self._merge.authors_of_newest(examined)),
            scored=summarise(passed, len(set(map(author_of.__getitem__, passed)))),
            unreadable=self._merge.unreadable,
        )
