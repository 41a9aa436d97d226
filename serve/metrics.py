"""Metrics of serving: names, help, units and buckets, and the calls that update them."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge

from common.telemetry.histogram import Histogram, Series, exponential
from serve.adjustments import Adjustment, Adjustments
from serve.query import Answer, Summary
from serve.rejection import RejectionReason

_SIZES = exponential(1, 1.2, 55)
_SECONDS = exponential(0.001, 1.3, 40)
_SHARES = tuple(tenth / 10 for tenth in range(11))
_AGES = (60, 300, 600, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 129600, 172800)
_POSTS_PER_AUTHOR = (1, 2, 3, 5, 10, 20, 50, 100, 200)
_FOLLOWING_ENDPOINT = "following"


class Stage(StrEnum):
    """The posts that a statistic covers: the candidates examined before the cut, or the answer."""

    RETRIEVED = "retrieved"
    SCORED = "scored"


class Outcome(StrEnum):
    """The end of a request. A closed set: it labels a metric."""

    OK = "ok"
    PARTIAL = "partial"
    REFUSED = "refused"
    INVALID = "invalid"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"
    CANCELLED = "cancelled"


class BlockedKind(StrEnum):
    """Kind of entry that a blocked author kept out of an answer. A closed set: it labels a metric."""

    AUTHOR = "author"
    REPOST = "repost"


class LookupStatus(StrEnum):
    """The end of a look-up in the follow store. A closed set: it labels a metric."""

    SUCCESS = "success"
    ERROR = "error"


class StageMetrics:
    """Statistics of the posts of one stage."""

    def __init__(self, stages: Mapping[str, Histogram], stage: Stage) -> None:
        self._freshness = stages["freshness_seconds"].series(stage)
        self._time_range = stages["time_range_seconds"].series(stage)
        self._reply_ratio = stages["reply_ratio"].series(stage)
        self._unique_authors = stages["unique_authors"].series(stage)
        self._posts_per_author = stages["posts_per_author"].series(stage)

    def observe(self, summary: Summary, now: int) -> None:
        """Observe the posts of a request, unless there are none. now in Unix seconds."""
        if not summary.posts:
            return
        self._freshness.observe(now - summary.newest)
        self._time_range.observe(summary.newest - summary.oldest)
        self._reply_ratio.observe(summary.replies / summary.posts)
        self._unique_authors.observe(summary.authors)
        self._posts_per_author.observe(summary.posts / summary.authors)


class ServeMetrics:
    """Every metric of a serving process, on a registry of the caller's. Updated by the event loop's thread only."""

    def __init__(
        self, registry: CollectorRegistry, in_flight: Callable[[], int], queueing_delay: Callable[[], float]
    ) -> None:
        self._register_gauges(registry, in_flight, queueing_delay)
        self._register_counters(registry)
        self._register_requests(registry)
        self._register_store(registry)
        stages = _stage_histograms(registry)
        self._stages = {stage: StageMetrics(stages, stage) for stage in Stage}

    @property
    def durations(self) -> Series:
        """Durations of requests in seconds. For any thread to read."""
        return self._duration

    @property
    def posts(self) -> Series:
        """Posts per answer. For any thread to read."""
        return self._count

    def request_rejected(self, reason: RejectionReason) -> None:
        """Count a request that was not admitted."""
        self.rejected_because(reason)
        self._rejected.inc()
        self._outcomes[Outcome.REFUSED].inc()

    def rejected_because(self, reason: RejectionReason) -> None:
        """Count the reason of a rejection, before or after the request was admitted."""
        self._rejections[reason].inc()

    def request_refused_unread(self) -> None:
        """Count a request that is invalid for its size."""
        self._outcomes[Outcome.INVALID].inc()

    def request_validated(self, following: int, excluded: int, max_results: int, adjustments: Adjustments) -> None:
        """Count a valid request: its list sizes before truncation, and its adjustments."""
        self._following_size.observe(following)
        self._excluded_size.observe(excluded)
        self._max_results.observe(max_results)
        for adjustment, extent in adjustments.items():
            self._adjustments[adjustment].inc(extent.times)

    def lookup_finished(self, status: LookupStatus, seconds: float) -> None:
        """Count a look-up in the follow store."""
        self._lookups[status].inc()
        self._lookup_seconds.observe(seconds)

    def read_started(self) -> None:
        """Count a read of the post store that begins."""
        self._store_requests.inc()

    def read_timed_out(self) -> None:
        """Count a read of the post store that reached its deadline."""
        self._store_timeouts.inc()

    def read_finished(self, answer: Answer, now: int) -> None:
        """Count a read of the post store that ended with an answer. now in Unix seconds."""
        posts = answer.scored.posts
        self._unreadable.inc(answer.unreadable)
        self._blocked[BlockedKind.AUTHOR].inc(answer.blocked_authors)
        self._blocked[BlockedKind.REPOST].inc(answer.blocked_reposts)
        self._posts_returned.observe(posts)
        self._count.observe(posts)
        if answer.retrieved.posts:
            self._returned_ratio.observe(posts / answer.retrieved.posts)
        self._stages[Stage.RETRIEVED].observe(answer.retrieved, now)
        self._stages[Stage.SCORED].observe(answer.scored, now)

    def request_finished(self, outcome: Outcome, seconds: float, lookup_seconds: float) -> None:
        """Count an admitted request by its outcome and duration; lookup_seconds: the part of the follow look-up."""
        self._outcomes[outcome].inc()
        if outcome is Outcome.REFUSED:
            self._rejected.inc()
            return
        self._duration.observe(seconds)
        self._duration_without_strato.observe(seconds - lookup_seconds)

    def initialised(self, seconds: float) -> None:
        """Set the seconds from the start of the process to its first readiness."""
        self._init_duration.set(seconds)

    def loop_stalled(self) -> None:
        """Count a stall of the event loop."""
        self._stalls.inc()

    def left_out(self, posts: int, follows: int) -> None:
        """Set the numbers of buckets whose posts or follow lists are left out."""
        self._posts_left_out.set(posts)
        self._follows_left_out.set(follows)

    def _register_gauges(
        self, registry: CollectorRegistry, in_flight: Callable[[], int], queueing_delay: Callable[[], float]
    ) -> None:
        Gauge(
            "in_flight_requests",
            "Requests admitted until they are answered, and until Redis has answered those that were abandoned",
            registry=registry,
        ).set_function(in_flight)
        delay = Gauge(
            "work_lag_seconds",
            "Queueing delay of the oldest waiting request in seconds; 0 when none waits",
            registry=registry,
        )
        delay.set_function(queueing_delay)
        self._init_duration = Gauge(
            "init_duration_seconds",
            "Seconds from the start of the process to its first readiness; 0 until then",
            registry=registry,
        )

        left_out = Gauge(
            "serve_buckets_left_out",
            "Buckets of the store that Redis may hold in part: their posts are left out of answers, which are then"
            " partial, and look-ups of their follow lists are UNAVAILABLE",
            ["kind"],
            registry=registry,
        )
        self._posts_left_out, self._follows_left_out = left_out.labels("posts"), left_out.labels("follows")

    def _register_counters(self, registry: CollectorRegistry) -> None:
        self._rejected = Counter(
            "rejected_requests_total",
            "Requests rejected by admission: the server is at capacity or over its rate limit",
            registry=registry,
        )
        rejections = Counter(
            "get_in_network_posts_rejections_total",
            "Rejected requests by reason: capacity (of the server), share (of the caller), delay (until the processor"
            " is free), rate (requests per second), untaken (answers that the caller does not read), unread (calls of"
            " which no request came)",
            ["reason"],
            registry=registry,
        )
        self._rejections = {reason: rejections.labels(reason) for reason in RejectionReason}
        self._stalls = Counter(
            "thunder_event_loop_stalls_total",
            "Stalls of the event loop of more than 20 ms, in which no request proceeded; those below 30 ms in part",
            registry=registry,
        )
        outcomes = Counter("get_in_network_posts_outcomes_total", "Requests by outcome", ["outcome"], registry=registry)
        self._outcomes = {outcome: outcomes.labels(outcome) for outcome in Outcome}
        adjustments = Counter(
            "get_in_network_posts_adjustments_total",
            "Changes made to requests to bring them within the limits: ids dropped, lists cut, results clamped",
            ["adjustment"],
            registry=registry,
        )
        self._adjustments = {adjustment: adjustments.labels(adjustment) for adjustment in Adjustment}
        lookups = Counter(
            "strato_requests_total",
            "Look-ups in the follow store, for requests without follows",
            ["endpoint", "status"],
            registry=registry,
        )
        self._lookups = {status: lookups.labels(_FOLLOWING_ENDPOINT, status) for status in LookupStatus}

    def _register_requests(self, registry: CollectorRegistry) -> None:
        def sizes(suffix: str, documentation: str) -> Series:
            return Histogram(f"get_in_network_posts_{suffix}", documentation, _SIZES, registry).series()

        def seconds(name: str, documentation: str, *, has_exemplars: bool = False) -> Series:
            return Histogram(name, documentation, _SECONDS, registry, has_exemplars=has_exemplars).series()

        self._count = sizes("count", "Posts per answer")
        self._following_size = sizes("following_size", "Followed ids per request, before truncation")
        self._excluded_size = sizes("excluded_size", "Excluded ids per request, before truncation")
        self._max_results = sizes("max_results", "Posts requested, after the default and the limit are applied")
        self._duration = seconds(
            "get_in_network_posts_duration_seconds", "Duration of a request in seconds", has_exemplars=True
        )
        self._duration_without_strato = seconds(
            "get_in_network_posts_duration_without_strato_seconds",
            "Duration of a request in seconds, without its follow look-up",
        )
        self._lookup_seconds = seconds(
            "strato_request_duration_seconds", "Duration of a look-up in the follow store in seconds"
        )

    def _register_store(self, registry: CollectorRegistry) -> None:
        self._store_requests = Counter("post_store_requests_total", "Reads of the post store", registry=registry)
        self._store_timeouts = Counter(
            "post_store_request_timeouts_total",
            "Reads of the post store that reached the deadline of their request",
            registry=registry,
        )
        self._unreadable = Counter(
            "post_store_unreadable_posts_total",
            "Posts left out of answers, which are then partial, because a newer version wrote them",
            registry=registry,
        )
        blocked = Counter(
            "post_store_blocked_total",
            "Followed authors not read, and reposts left out, because --blocked-authors-file names their author",
            ["kind"],
            registry=registry,
        )
        self._blocked = {kind: blocked.labels(kind) for kind in BlockedKind}
        self._posts_returned = Histogram(
            "post_store_posts_returned", "Posts returned per read of the post store", _SIZES, registry
        ).series()
        self._returned_ratio = Histogram(
            "post_store_posts_returned_ratio",
            "Share of the examined candidates that a read of the post store returned, 0 to 1",
            _SHARES,
            registry,
        ).series()


def _stage_histograms(registry: CollectorRegistry) -> dict[str, Histogram]:
    buckets_and_help = {
        "freshness_seconds": (_AGES, "Age in seconds of the newest post of a request"),
        "time_range_seconds": (_AGES, "Seconds between the oldest and the newest post of a request"),
        "reply_ratio": (_SHARES, "Share of replies among the posts of a request, 0 to 1"),
        "unique_authors": (_SIZES, "Distinct authors of the posts of a request"),
        "posts_per_author": (_POSTS_PER_AUTHOR, "Posts per author of a request"),
    }
    return {
        suffix: Histogram(f"get_in_network_posts_found_{suffix}", text, bounds, registry, "stage", Stage)
        for suffix, (bounds, text) in buckets_and_help.items()
    }
