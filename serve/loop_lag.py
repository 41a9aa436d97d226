"""How late the event loop runs what is due: the sign of a queue that no semaphore of a handler can see."""

import asyncio

_PERIOD_SECONDS = 0.01


class LoopLag:
    """Measures by a call that is due every period. Times are those of the loop's clock."""

    def __init__(self, started_at: float) -> None:
        self._due_at = started_at + _PERIOD_SECONDS
        self._last = 0.0

    def ran(self, now: float) -> None:
        """The call that was due ran just now; the next is due a period later."""
        self._last = max(0.0, now - self._due_at)
        self._due_at = now + _PERIOD_SECONDS

    def seconds(self, now: float) -> float:
        """The lag of the last call, or of the one that is overdue if that is longer."""
        return max(self._last, now - self._due_at)


async def measure_lag(lag: LoopLag) -> None:
    """Feed the meter until cancelled."""
    clock = asyncio.get_running_loop().time
    while True:
        await asyncio.sleep(_PERIOD_SECONDS)
        lag.ran(clock())
