"""Logs why answers are partial: once per cause and interval, however many answers it costs."""

import logging

from common.errors import StoreUnavailable
from common.timing import RateLimiter

log = logging.getLogger("thunder.serve")

_INTERVAL_SECONDS = 10.0

_CAUSES = 100
"""Above it, all are forgotten: the text of a cause comes from Redis."""


class FailureLog:
    """For one event loop."""

    def __init__(self) -> None:
        self._limiters: dict[str, RateLimiter] = {}
        self._unlogged: dict[str, int] = {}

    def partial(self, failure: StoreUnavailable, now: float) -> None:
        """Count an answer that a failure made partial, and log it when that is due. now: monotonic seconds."""
        cause = " ".join(str(failure).split()[:2])  # the node or Redis's error code, not its slot
        if len(self._limiters) > _CAUSES:
            self._limiters.clear()
            self._unlogged.clear()
        if not self._limiters.setdefault(cause, RateLimiter(_INTERVAL_SECONDS)).allow(now):
            self._unlogged[cause] = self._unlogged.get(cause, 0) + 1
            return
        others = self._unlogged.pop(cause, 0)
        more = f"; {others} more since the last such line" if others else ""
        log.warning("A shard failed, the answer is partial: %s%s", failure, more)
