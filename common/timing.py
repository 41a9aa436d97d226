"""Clocks to pass as arguments, exponential back-off, rate limits."""

import random
import time
from collections.abc import Callable
from typing import NamedTuple

Clock = Callable[[], int]
"""Returns the current time in whole Unix seconds."""


def system_clock() -> int:
    """The machine's clock, in whole Unix seconds."""
    return int(time.time())


ExactClock = Callable[[], float]
"""Returns the current time in fractional Unix seconds, for measurements that decide nothing."""


def exact_clock() -> float:
    """The machine's clock, in fractional Unix seconds."""
    return time.time()


class Backoff(NamedTuple):
    """Waits of `first`, 2 x `first`, 4 x `first` ... seconds, at most `longest`, each between half and all of that."""

    first: float = 0.1
    longest: float = 5.0

    def delay(self, attempt: int, uniform: Callable[[], float] = random.random) -> float:
        """Seconds to wait after the given attempt (0 = the first one). uniform returns a number in [0, 1)."""
        whole = min(self.longest, self.first * 2.0 ** min(attempt, 32))
        return whole * (0.5 + 0.5 * uniform())


class RateLimiter:
    """Lets one occurrence pass per interval."""

    def __init__(self, interval_seconds: float) -> None:
        self._interval = interval_seconds
        self._last: float | None = None

    def allow(self, now: float) -> bool:
        """Whether an occurrence at now (seconds) passes. It passes after the clock was set back, too."""
        if self._last is not None and self._last <= now < self._last + self._interval:
            return False
        self._last = now
        return True
