"""Builds a timeline: rounds of reading and merging until the answer is exact, or time or bytes run out."""

import time
from typing import Protocol

from common.errors import StoreUnavailable
from common.retention import Retention
from serve.deadline import NO_DEADLINE, Deadline
from serve.native import CommonRequest
from serve.query import Answer, Query
from serve.request import RequestLimits
from serve.timeline.cores import PYTHON_CORE, ChosenCore
from serve.timeline.read_core import ReadCore


class Fetcher(Protocol):
    """Reads parts of rounds from Redis."""

    async def read_part(self, core: ReadCore, deadline: Deadline) -> None:
        """Let the core begin its next part, and take what the nodes reply until the deadline.

        StoreUnavailable when nothing of the part can be read.
        """
        ...


class Timelines:
    """Answers queries from the store behind a fetcher."""

    def __init__(self, fetcher: Fetcher, retention: Retention, max_bytes: int, core: ChosenCore = PYTHON_CORE) -> None:
        self._fetcher = fetcher
        self._retention = retention
        self._max_bytes = max_bytes
        self._core = core

    def common_request(self, payload: bytes, limits: RequestLimits) -> CommonRequest | None:
        """Decode a valid request of the common form, if the core can; None for every other."""
        return self._core.decode(payload, limits)

    async def read(self, query: Query | CommonRequest, now: int, deadline: Deadline = NO_DEADLINE) -> Answer:
        """The newest posts that pass every rule at now (Unix seconds).

        Partial when the deadline comes first. StoreUnavailable when no shard has answered at all.
        """
        core = self._core.make(query, now, self._retention.oldest(now), self._max_bytes)
        has_read, is_over = False, False
        while not is_over and (parts := core.next_round()):
            for _ in range(parts):
                if is_over := deadline.has_expired(time.monotonic()):
                    break
                try:
                    await self._fetcher.read_part(core, deadline)
                except StoreUnavailable:
                    if not has_read:
                        raise
                    is_over = True
                    break
                has_read = True
            core.merge()
        return core.answer()
