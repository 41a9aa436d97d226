"""How late the event loop runs what is due: the sign of a queue that no semaphore of a handler can see."""

import asyncio
import time
from math import inf

_PERIOD_SECONDS = 0.01


class LoopLag:
    """Measures by a call that is due every period. Times are monotonic seconds; 0 while nobody feeds it."""

    def __init__(self) -> None:
        self._due_at = inf
        self._last = 0.0

    def ran(self, now: float) -> None:
        """The call that was due ran just now; the next is due a period later."""
        self._last = max(0.0, now - self._due_at)
        self._due_at = now + _PERIOD_SECONDS

    def ended(self) -> None:
        """No more calls are due."""
        self._due_at, self._last = inf, 0.0

    def seconds(self, now: float) -> float:
        """The lag of the last call, or of the one that is overdue if that is longer."""
        return max(self._last, now - self._due_at)


async def measure_lag(lag: LoopLag) -> None:
    """Feed the meter until cancelled."""
    try:
        while True:
            lag.ran(time.monotonic())
            await asyncio.sleep(_PERIOD_SECONDS)
    finally:
        lag.ended()
