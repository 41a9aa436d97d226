"""How fast a source goes, over all of its run and over the last seconds. Pure."""

from collections import deque
from typing import NamedTuple

_RECENT_SECONDS = 5.0


class Rates(NamedTuple):
    """Messages per second."""

    received: float
    produced: float


class Throughput(NamedTuple):
    """How fast it goes. seconds: since the source was first listened to; recent: over the last few of them."""

    seconds: float
    recent: Rates
    overall: Rates


class _Sample(NamedTuple):
    at: float
    received: int
    produced: int


class RateMeter:
    """Rates from samples, of which it keeps those of the last seconds. at: seconds of a clock that never goes back."""

    def __init__(self, at: float) -> None:
        self._start = _Sample(at, 0, 0)
        self._recent = deque((self._start,))

    def sample(self, at: float, received: int, produced: int) -> Throughput:
        """The pace at this moment, when the counts are these."""
        now = _Sample(at, received, produced)
        self._recent.append(now)
        while len(self._recent) > 2 and self._recent[1].at <= at - _RECENT_SECONDS:
            self._recent.popleft()
        return Throughput(at - self._start.at, _rates(self._recent[0], now), _rates(self._start, now))


def _rates(since: _Sample, until: _Sample) -> Rates:
    seconds = max(until.at - since.at, 0.001)
    return Rates((until.received - since.received) / seconds, (until.produced - since.produced) / seconds)
