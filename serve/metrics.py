"""Metrics of serving: names, help, units and buckets, and the few calls that move them."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge

from common.telemetry.histogram import Histogram, Series, exponential
from serve.query import Answer, Summary
from serve.rpc.request import Adjustment

_SIZES = exponential(1, 1.2, 55)
_SECONDS = exponential(0.001, 1.3, 40)
_SHARES = tuple(tenth / 10 for tenth in range(11))
_AGES = (60, 300, 600, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 129600, 172800)
_POSTS_PER_AUTHOR = (1, 2, 3, 5, 10, 20, 50, 100, 200)
_FOLLOWING_ENDPOINT = "following"


class Stage(StrEnum):
    """Which posts a statistic is of: the candidates examined before the cut, or the answer."""

    RETRIEVED = "retrieved"
    SCORED = "scored"


class Outcome(StrEnum):
    """How a request ended. A closed set: it labels a metric."""

    OK = "ok"
    PARTIAL = "partial"
    REFUSED = "refused"
    INVALID = "invalid"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"
    CANCELLED = "cancelled"


class LookupStatus(StrEnum):
    """How a look-up in the follow store ended. A closed set: it labels a metric."""

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
        """Nothing is observed of an empty stage. now in Unix seconds."""
        if not summary.posts:
            return
        self._freshness.observe(now - summary.newest)
        self._time_range.observe(summary.newest - summary.oldest)
        self._reply_ratio.observe(summary.replies / summary.posts)
        self._unique_authors.observe(summary.authors)
        self._posts_per_author.observe(summary.posts / summary.authors)


class ServeMetrics:
    """Every metric of a serving process, on a registry of its own choice. Moved by the event loop's thread only."""

    def __init__(
        self, registry: CollectorRegistry, in_flight: Callable[[], int], lag_seconds: Callable[[], float]
    ) -> None:
        self._register_gauges(registry, in_flight, lag_seconds)
        self._register_counters(registry)
        self._register_requests(registry)
        self._register_store(registry)
        stages = _stage_histograms(registry)
        self._stages = {stage: StageMetrics(stages, stage) for stage in Stage}

    @property
    def durations(self) -> Series:
        """How long requests took, in seconds. For any thread to read."""
        return self._duration

    @property
    def posts(self) -> Series:
        """Posts of each answer. For any thread to read."""
        return self._count

    def request_rejected(self) -> None:
        """Admission refused a request."""
        self._rejected.inc()
        self._outcomes[Outcome.REFUSED].inc()

    def request_validated(
        self, following: int, excluded: int, max_results: int, adjustments: Mapping[Adjustment, int]
    ) -> None:
        """A valid request: its list sizes before truncation, and what was adjusted to serve it."""
        self._following_size.observe(following)
        self._excluded_size.observe(excluded)
        self._max_results.observe(max_results)
        for adjustment, times in adjustments.items():
            if times:
                self._adjustments[adjustment].inc(times)

    def lookup_finished(self, status: LookupStatus, seconds: float) -> None:
        """A look-up in the follow store ended."""
        self._lookups[status].inc()
        self._lookup_seconds.observe(seconds)

    def read_started(self) -> None:
        """The post store is about to be asked."""
        self._store_requests.inc()

    def read_timed_out(self) -> None:
        """A read of the post store used up its time."""
        self._store_timeouts.inc()

    def read_finished(self, answer: Answer, now: int) -> None:
        """The post store answered. now in Unix seconds."""
        posts = answer.scored.posts
        self._unreadable.inc(answer.unreadable)
        self._posts_returned.observe(posts)
        self._count.observe(posts)
        if answer.retrieved.posts:
            self._returned_ratio.observe(posts / answer.retrieved.posts)
        self._stages[Stage.RETRIEVED].observe(answer.retrieved, now)
        self._stages[Stage.SCORED].observe(answer.scored, now)

    def request_finished(self, outcome: Outcome, seconds: float, lookup_seconds: float) -> None:
        """An admitted request ended after so long, of which the follow look-up took lookup_seconds."""
        self._outcomes[outcome].inc()
        self._duration.observe(seconds)
        self._duration_without_strato.observe(seconds - lookup_seconds)

    def initialised(self, seconds: float) -> None:
        """The process was ready for the first time, so long after its start."""
        self._init_duration.set(seconds)

    def _register_gauges(
        self, registry: CollectorRegistry, in_flight: Callable[[], int], lag_seconds: Callable[[], float]
    ) -> None:
        Gauge("in_flight_requests", "Requests being answered", registry=registry).set_function(in_flight)
        lag = Gauge("work_lag_seconds", "How long the request that begins next has waited", registry=registry)
        lag.set_function(lag_seconds)
        self._init_duration = Gauge(
            "init_duration_seconds", "From the start of the process to its first readiness", registry=registry
        )

    def _register_counters(self, registry: CollectorRegistry) -> None:
        self._rejected = Counter("rejected_requests_total", "Requests refused by admission", registry=registry)
        outcomes = Counter(
            "get_in_network_posts_outcomes_total", "Requests by the way they ended", ["outcome"], registry=registry
        )
        self._outcomes = {outcome: outcomes.labels(outcome) for outcome in Outcome}
        adjustments = Counter(
            "get_in_network_posts_adjustments_total",
            "Ids dropped from requests, lists cut, bounds applied, unknown algorithms",
            ["adjustment"],
            registry=registry,
        )
        self._adjustments = {adjustment: adjustments.labels(adjustment) for adjustment in Adjustment}
        lookups = Counter("strato_requests_total", "Follow look-ups", ["endpoint", "status"], registry=registry)
        self._lookups = {status: lookups.labels(_FOLLOWING_ENDPOINT, status) for status in LookupStatus}

    def _register_requests(self, registry: CollectorRegistry) -> None:
        def sizes(suffix: str, documentation: str) -> Series:
            return Histogram(f"get_in_network_posts_{suffix}", documentation, _SIZES, registry).series()

        def seconds(name: str, documentation: str) -> Series:
            return Histogram(name, documentation, _SECONDS, registry).series()

        self._count = sizes("count", "Posts in an answer")
        self._following_size = sizes("following_size", "Followed ids of a request, before truncation")
        self._excluded_size = sizes("excluded_size", "Excluded ids of a request, before truncation")
        self._max_results = sizes("max_results", "Posts asked for, after default and bound")
        self._duration = seconds("get_in_network_posts_duration_seconds", "Duration of a request")
        self._duration_without_strato = seconds(
            "get_in_network_posts_duration_without_strato_seconds", "Duration of a request without its follow look-up"
        )
        self._lookup_seconds = seconds("strato_request_duration_seconds", "Duration of a follow look-up")

    def _register_store(self, registry: CollectorRegistry) -> None:
        self._store_requests = Counter("post_store_requests_total", "Reads of the post store", registry=registry)
        self._store_timeouts = Counter(
            "post_store_request_timeouts_total", "Reads of the post store that used up their time", registry=registry
        )
        self._unreadable = Counter(
            "post_store_unreadable_posts_total",
            "Posts left out, which makes an answer partial, because a newer version wrote them",
            registry=registry,
        )
        self._posts_returned = Histogram(
            "post_store_posts_returned", "Posts that a read of the post store returned", _SIZES, registry
        ).series()
        self._returned_ratio = Histogram(
            "post_store_posts_returned_ratio", "Posts returned of the candidates examined", _SHARES, registry
        ).series()


def _stage_histograms(registry: CollectorRegistry) -> dict[str, Histogram]:
    buckets_and_help = {
        "freshness_seconds": (_AGES, "Age of the newest post"),
        "time_range_seconds": (_AGES, "From the oldest to the newest post"),
        "reply_ratio": (_SHARES, "Share of replies"),
        "unique_authors": (_SIZES, "Different authors"),
        "posts_per_author": (_POSTS_PER_AUTHOR, "Posts per author"),
    }
    return {
        suffix: Histogram(f"get_in_network_posts_found_{suffix}", text, bounds, registry, "stage", Stage)
        for suffix, (bounds, text) in buckets_and_help.items()
    }
