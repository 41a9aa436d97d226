"""What a server does, from the totals of its metrics. Pure."""

from collections.abc import Sequence
from itertools import accumulate
from operator import sub
from typing import NamedTuple

from serve.page.rates import Window, rate

_RATE_SECONDS = 5.0
_LATENCY_SECONDS = 30.0


class Served(NamedTuple):
    """Totals since the start: requests by duration, in buckets with the upper bounds of the caller's; posts sent."""

    durations: tuple[int, ...]
    posts: float


class ServingFigures(NamedTuple):
    """Rates of the last seconds; durations, read from buckets, of the last half minute. None where nobody asked."""

    requests_per_second: float | None
    posts_per_second: float | None
    p50_ms: float | None
    p99_ms: float | None


class ServingBoard:
    """Is shown the totals again and again. bounds: upper ends of the buckets, in seconds; the last bucket has none."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._requests: Window[float] = Window(_RATE_SECONDS)
        self._posts: Window[float] = Window(_RATE_SECONDS)
        self._durations: Window[tuple[int, ...]] = Window(_LATENCY_SECONDS)

    def figures(self, served: Served, at: float) -> ServingFigures:
        """The figures at these totals, at a time in seconds."""
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
