"""From a decoded request to its answer: judge it, complete it, read the timeline, and tell metrics and log."""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Protocol

from common.errors import StoreUnavailable
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from common.telemetry.tracing import span
from common.timing import Clock
from serve.metrics import LookupStatus, ServeMetrics
from serve.query import Answer, Query
from serve.rpc.request import Adjustment, RequestLimits, distinct_ids, judge
from serve.store.follow_store import FollowStore

log = logging.getLogger("thunder.serve")


class TimelineReader(Protocol):
    """Where posts come from."""

    async def read(self, query: Query, now: int, timeout: float | None) -> Answer:
        """Answer within timeout seconds, partially if need be. now in Unix seconds. StoreUnavailable."""
        ...


class Stopwatch:
    """Seconds that a request has taken so far, and may take at all (None = no limit)."""

    def __init__(self, budget: float | None) -> None:
        self._budget = budget
        self._started = time.monotonic()
        self.looking_up = 0.0

    def elapsed(self) -> float:
        """Seconds since the request was admitted."""
        return time.monotonic() - self._started

    def left(self) -> float | None:
        """Seconds that it may still take, never below 0."""
        return None if self._budget is None else max(0.0, self._budget - self.elapsed())


class Answering:
    """Answers requests from a store of posts and, when there is one, a store of follows."""

    def __init__(
        self,
        timelines: TimelineReader,
        follows: FollowStore | None,
        limits: RequestLimits,
        metrics: ServeMetrics,
        clock: Clock,
    ) -> None:
        self._timelines = timelines
        self._follows = follows
        self._limits = limits
        self._metrics = metrics
        self._clock = clock
        self._warned_of_algorithm = False

    async def answer(self, request: GetInNetworkPostsRequest, stopwatch: Stopwatch) -> Answer:
        """The answer, within the stopwatch's budget. InvalidRequest, StoreUnavailable."""
        if request.debug:
            log.info(
                "Received GetInNetworkPosts request: user_id=%d, following_count=%d, exclude_tweet_ids=%d",
                request.user_id,
                len(request.following_user_ids),
                len(request.exclude_tweet_ids),
            )
        query, adjustments = judge(request, self._limits)
        followed = len(request.following_user_ids)
        if self._follows and query.viewer_id and not query.following:
            found = await self._look_up(self._follows, request, stopwatch)
            followed = len(found)
            query = query._replace(following=distinct_ids(found, self._limits.list_size, adjustments))
        self._metrics.asked(followed, len(request.exclude_tweet_ids), query.max_results, adjustments)
        self._warn(request, adjustments)
        answer = await self._read(query, stopwatch)
        if request.debug:
            log.info("Returning %d posts for user %d", answer.scored.posts, request.user_id)
        return answer

    async def _read(self, query: Query, stopwatch: Stopwatch) -> Answer:
        now = self._clock()
        self._metrics.reading()
        try:
            answer = await self._timelines.read(query, now, stopwatch.left())
        finally:
            if stopwatch.left() == 0:
                self._metrics.timed_out()
        self._metrics.answered(answer, now)
        return answer

    async def _look_up(
        self, follows: FollowStore, request: GetInNetworkPostsRequest, stopwatch: Stopwatch
    ) -> list[int]:
        if request.debug:
            log.info("Following list is empty, fetching from Strato for user %d", request.user_id)
        status, started = LookupStatus.ERROR, stopwatch.elapsed()
        try:
            with span("follows"):
                async with asyncio.timeout(stopwatch.left()):
                    found = await follows.following(request.user_id, self._limits.list_size)
            status = LookupStatus.SUCCESS
        except TimeoutError as error:
            raise StoreUnavailable("the follow store did not answer in time") from error
        finally:
            stopwatch.looking_up = stopwatch.elapsed() - started
            self._metrics.followed(status, stopwatch.looking_up)
        if request.debug:
            log.info("Fetched %d following users from Strato for user %d", len(found), request.user_id)
        return found

    def _warn(self, request: GetInNetworkPostsRequest, adjustments: Mapping[Adjustment, int]) -> None:
        cut_lists = (
            (Adjustment.FOLLOWING_CUT, "following_user_ids", request.following_user_ids),
            (Adjustment.EXCLUDED_CUT, "exclude_tweet_ids", request.exclude_tweet_ids),
        )
        for adjustment, field, ids in cut_lists:
            if adjustments.get(adjustment):
                limit = self._limits.list_size
                log.warning("Limiting %s from %d to %d entries for user %d", field, len(ids), limit, request.user_id)
        if adjustments.get(Adjustment.UNKNOWN_ALGORITHM) and not self._warned_of_algorithm:
            self._warned_of_algorithm = True
            log.warning("Unknown algorithm %.60r: newest first is all there is", request.algorithm)
