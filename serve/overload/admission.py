"""Whether a request may start: decided at once, never by waiting. Pure; times are monotonic seconds."""

from itertools import cycle
from math import ceil
from typing import NamedTuple

AT_CAPACITY = "Server at capacity, please retry"
OVER_RATE = "QPS rate limit exceeded, please retry"

_CAPACITY_PUSHBACKS_MS = (50, 120, 80, 150, 60, 130, 90, 140, 70, 110)
"""Taken in turn: callers refused in the same moment do not come back in the same moment."""


class Refused(NamedTuple):
    """Why a request may not start, in words for the caller, and when he may try again."""

    message: str
    retry_after_ms: int


class TokenBucket:
    """At most `rate` requests per second over time, and one second's worth of them at once."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._burst = max(rate, 1.0)
        self._tokens = self._burst
        self._filled_at: float | None = None

    def take(self, now: float) -> float:
        """Take a token and return 0, or take none and return the seconds until there is one."""
        if self._filled_at is not None:
            self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._tokens < 1.0:
            return (1.0 - self._tokens) / self._rate
        self._tokens -= 1.0
        return 0.0


class Admission:
    """A semaphore that nobody waits for, shedding when work lags behind, and an optional limit on the rate."""

    def __init__(self, max_concurrent: int, max_lag_seconds: float, rate: TokenBucket | None) -> None:
        self._max_concurrent = max_concurrent
        self._max_lag = max_lag_seconds
        self._rate = rate
        self._pushbacks = cycle(_CAPACITY_PUSHBACKS_MS)
        self.in_flight = 0

    def admit(self, now: float, lag_seconds: float) -> Refused | None:
        """Start a request, to be ended by release(), and return None; or say why it may not start.

        lag_seconds: how far work on admitted requests is behind.
        """
        if self.in_flight >= self._max_concurrent or lag_seconds > self._max_lag:
            return Refused(AT_CAPACITY, next(self._pushbacks))
        wait = self._rate.take(now) if self._rate else 0.0
        if wait:
            return Refused(OVER_RATE, ceil(wait * 1000))
        self.in_flight += 1
        return None

    def release(self) -> None:
        """End a request that admit() started."""
        self.in_flight -= 1
