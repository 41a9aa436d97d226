"""Throughput of a source, over its whole run and over the last seconds. Pure."""

from collections import deque
from typing import NamedTuple

_RECENT_SECONDS = 5.0


class Rates(NamedTuple):
    """Messages per second."""

    received: float
    produced: float


class Throughput(NamedTuple):
    """Rates of a run. seconds: since the source started; recent: over the last five seconds."""

    seconds: float
    recent: Rates
    overall: Rates


class _Sample(NamedTuple):
    at: float
    received: int
    produced: int


class RateMeter:
    """Computes rates from samples of the last seconds. at: seconds of a monotonic clock."""

    def __init__(self, at: float) -> None:
        self._start = _Sample(at, 0, 0)
        self._recent = deque((self._start,))

    def sample(self, at: float, received: int, produced: int) -> Throughput:
        """Throughput at this moment, given the counts so far."""
        now = _Sample(at, received, produced)
        self._recent.append(now)
        while len(self._recent) > 2 and self._recent[1].at <= at - _RECENT_SECONDS:
            self._recent.popleft()
        return Throughput(at - self._start.at, _rates(self._recent[0], now), _rates(self._start, now))


def _rates(since: _Sample, until: _Sample) -> Rates:
    seconds = max(until.at - since.at, 0.001)
    return Rates((until.received - since.received) / seconds, (until.produced - since.produced) / seconds)
