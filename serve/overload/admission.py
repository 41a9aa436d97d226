"""Admits or rejects a request at once, without a queue. Pure; times are monotonic seconds."""

from itertools import cycle
from math import ceil
from typing import NamedTuple

AT_CAPACITY = "Server at capacity, please retry"
OVER_RATE = "QPS rate limit exceeded, please retry"

_CAPACITY_PUSHBACKS_MS = (50, 120, 80, 150, 60, 130, 90, 140, 70, 110)
"""Used in rotation, so that callers rejected together do not retry together."""


class Rejection(NamedTuple):
    """Reason of a rejection, in words for the caller, and the wait before a retry."""

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
    """A semaphore without a queue, load shedding while the queueing delay is high, and an optional rate limit."""

    def __init__(self, max_concurrent: int, max_delay_seconds: float, rate: TokenBucket | None) -> None:
        self._max_concurrent = max_concurrent
        self._max_delay = max_delay_seconds
        self._rate = rate
        self._pushbacks = cycle(_CAPACITY_PUSHBACKS_MS)
        self.in_flight = 0

    def admit(self, now: float, queueing_delay: float) -> Rejection | None:
        """Admit a request, which release() must end, and return None; or return why it is rejected.

        queueing_delay: seconds that the oldest admitted request has waited for the processor.
        """
        if self.in_flight >= self._max_concurrent or queueing_delay > self._max_delay:
            return Rejection(AT_CAPACITY, next(self._pushbacks))
        wait = self._rate.take(now) if self._rate else 0.0
        if wait:
            return Rejection(OVER_RATE, ceil(wait * 1000))
        self.in_flight += 1
        return None

    def release(self) -> None:
        """End a request that admit() admitted."""
        self.in_flight -= 1
