"""A timeline: rounds of fetching and merging until the answer is exact, or time or bytes run out."""

import time

from common.record import Record, live_record
from common.retention import Retention
from serve.answer import response_bytes, summarise
from serve.fetcher import Fetcher, Reading
from serve.merge import Head, Merged, merge
from serve.plan import deeper, first_depth, wire_bytes
from serve.query import Answer, Query


class Timelines:
    """Answers queries from the store behind a fetcher."""

    def __init__(self, fetcher: Fetcher, retention: Retention, max_bytes: int) -> None:
        self._fetcher = fetcher
        self._retention = retention
        self._max_bytes = max_bytes

    async def read(self, query: Query, now: int, timeout: float | None = None) -> Answer:
        """The newest posts that pass every rule at now (Unix seconds).

        Within timeout seconds, else with partial set. StoreUnavailable when no shard answers at all.
        """
        state = _Reading(query, self._retention.oldest(now), self._max_bytes)
        deadline = None if timeout is None else time.monotonic() + timeout
        while reading := state.next_reading():
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                state.partial = True
                break
            fetched = await self._fetcher.fetch(reading, left)
            state.take(reading, fetched.members, fetched.records, partial=fetched.partial)
        return state.answer()


class _Reading:
    """What one request knows so far. No I/O."""

    def __init__(self, query: Query, oldest: int, max_bytes: int) -> None:
        self.partial = False
        self._query = query
        self._oldest = oldest
        self._bytes_left = max_bytes
        self._heads: dict[int, Head] = {}
        self._parents: dict[bytes, Record | None] = {}
        self._depths = dict.fromkeys(query.following, first_depth(query))
        self._merged = Merged([], [], list(query.following), [])

    def next_reading(self) -> Reading | None:
        """What to fetch next; None when the answer is exact or may read no more."""
        depths = {author: self._depths[author] for author in self._merged.short}
        if not depths and not self._merged.unknown_parents:
            return None
        self._bytes_left -= wire_bytes(depths)
        if self._bytes_left < 0:
            self.partial = True
            return None
        return Reading(depths, list(dict.fromkeys(self._merged.unknown_parents)), self._query.video)

    def take(
        self, reading: Reading, members: dict[int, list[bytes]], records: dict[bytes, bytes | None], *, partial: bool
    ) -> None:
        """Merge a round. What did not come is not asked for again: its lists end here, its parents do not count."""
        self.partial |= partial
        for author, depth in reading.depths.items():
            if author in members:
                self._heads[author] = Head(members[author], complete=len(members[author]) < depth)
                self._depths[author] = deeper(depth)
            elif author in self._heads:
                self._heads[author] = self._heads[author]._replace(complete=True)
        for parent in reading.parents:
            self._parents[parent] = live_record(records.get(parent), self._oldest)
        self._merged = merge(self._query, self._heads, self._parents, self._oldest)

    def answer(self) -> Answer:
        """The answer from all that is known."""
        merged = self._merged
        body = response_bytes(merged.passed, partial=self.partial)
        return Answer(body, self.partial, summarise(merged.examined), summarise(merged.passed))
