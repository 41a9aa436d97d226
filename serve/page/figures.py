"""The figures that the page shows of ingest and serving, with rates over the last seconds. Pure."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from operator import sub
from typing import Generic, NamedTuple, TypeVar

from common.store.worker_status import WorkerStatus

_RATE_SECONDS = 5.0
_LATENCY_SECONDS = 30.0

T = TypeVar("T")


class WindowSpan(NamedTuple, Generic[T]):
    """Two samples and the seconds between them, more than 0."""

    first: T
    last: T
    seconds: float


class Window(Generic[T]):
    """Keeps the samples of the last seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._samples: deque[tuple[float, T]] = deque()

    def add(self, at: float, sample: T) -> None:
        """Add a sample, unless it is not later than the last. at in seconds, on a clock of the caller."""
        if self._samples and at <= self._samples[-1][0]:
            return
        self._samples.append((at, sample))
        while self._samples[0][0] < at - self._seconds:
            self._samples.popleft()

    def span(self) -> WindowSpan[T] | None:
        """From the first sample to the last; None before there are two."""
        if len(self._samples) < 2:
            return None
        (began, first), (ended, last) = self._samples[0], self._samples[-1]
        return WindowSpan(first, last, ended - began)


def rate(totals: Window[float]) -> float | None:
    """Growth per second of a total that only grows; None when it is unknown."""
    span = totals.span()
    return None if span is None else (span.last - span.first) / span.seconds


class IngestFigures(NamedTuple):
    """Totals over all ingest workers; None where unknown."""

    workers: int
    events_per_second: float | None
    lag: int | None
    stored_posts: int | None


class IngestBoard:
    """Computes the figures of ingest from successive statuses of the running workers."""

    def __init__(self) -> None:
        self._applied: dict[str, Window[float]] = {}

    def figures(self, statuses: Mapping[str, WorkerStatus]) -> IngestFigures:
        """Add these statuses and return the figures."""
        self._applied = {worker: self._applied.get(worker) or Window(_RATE_SECONDS) for worker in statuses}
        for worker, status in statuses.items():
            self._applied[worker].add(status.at, status.applied)
        rates = [rate_ for totals in self._applied.values() if (rate_ := rate(totals)) is not None]
        lags = [status.lag for status in statuses.values() if status.lag is not None]
        return IngestFigures(
            len(statuses),
            sum(rates) if rates else None,
            sum(lags) if lags else None,
            _newest_estimate(statuses.values()),
        )


def _newest_estimate(statuses: Iterable[WorkerStatus]) -> int | None:
    """The latest estimate: each worker estimates the whole store."""
    known = [status for status in statuses if status.posts is not None]
    return max(known, key=lambda status: status.at).posts if known else None


class Served(NamedTuple):
    """Totals since the start: requests per bucket of duration, and posts sent."""

    durations: tuple[int, ...]
    posts: float


class ServingFigures(NamedTuple):
    """Rates of the last seconds; durations, from buckets, of the last half minute. None without requests."""

    requests_per_second: float | None
    posts_per_second: float | None
    p50_ms: float | None
    p99_ms: float | None


class ServingBoard:
    """Computes the figures of serving from successive totals. bounds: upper bounds of all buckets but the last."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._requests: Window[float] = Window(_RATE_SECONDS)
        self._posts: Window[float] = Window(_RATE_SECONDS)
        self._durations: Window[tuple[int, ...]] = Window(_LATENCY_SECONDS)

    def figures(self, served: Served, at: float) -> ServingFigures:
        """Add these totals, read at a time in seconds, and return the figures."""
        self._requests.add(at, sum(served.durations))
        self._posts.add(at, served.posts)
        self._durations.add(at, served.durations)
        span = self._durations.span()
        counts = list(map(sub, span.last, span.first)) if span else []
        return ServingFigures(
            rate(self._requests),
            rate(self._posts),
            _in_ms(quantile(self._bounds, counts, 0.5)),
            _in_ms(quantile(self._bounds, counts, 0.99)),
        )


def quantile(bounds: Sequence[float], counts: Sequence[int], share: float) -> float | None:
    """The value that this share of the counted ones do not exceed, taken as spread evenly over their bucket.

    What exceeds every bound counts as the last bound. None when nothing was counted.
    """
    up_to = list(accumulate(counts))
    if not up_to or not up_to[-1]:
        return None
    wanted = share * up_to[-1]
    number = next(number for number, total in enumerate(up_to) if total >= wanted and counts[number])
    if number == len(bounds):
        return bounds[-1]
    lower = bounds[number - 1] if number else 0.0
    missing = up_to[number] - wanted
    return bounds[number] - (bounds[number] - lower) * missing / counts[number]


def _in_ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 2)
