"""Keeps requests from a store that is being filled: its answers would lack posts, or show deleted ones.

And from any store while the clock of this server is wrong: answers would be cut at the wrong time.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from itertools import cycle

from common.errors import ServerClockWrong, StoreFilling, StoreUnavailable
from serve.readiness.verdict import Readiness, StoreStatus, Verdict

_PERIOD_SECONDS = 0.5
_SHORTEST_PERIOD_SECONDS = 0.05

_PUSHBACKS_MS = (500, 900, 650, 800, 550, 850, 700, 950, 600, 750)
"""Used in rotation, so that callers rejected together do not retry together; another server may be ready already."""

Confirm = Callable[[bytes | None], None]
"""Takes the lineage that a request read behind its other commands. StoreFilling when it must not be answered."""


class StoreGate:
    """Lets requests read only the lineage that has caught up. For one event loop."""

    def __init__(self) -> None:
        self._readiness = Readiness()
        self._status = StoreStatus(answers=False, lineage=None, caught_up=False, waiting_for="")
        self._pushbacks = cycle(_PUSHBACKS_MS)
        self._is_doubtful = asyncio.Event()

    def evaluate(self, status: StoreStatus) -> Verdict:
        """Take the status of the store into account and return the verdict on readiness."""
        self._status = status
        return self._readiness.evaluate(status)

    def check(self) -> None:
        """Raise StoreFilling while the store is known to hold a lineage that has not caught up.

        ServerClockWrong while this server's clock is wrong. StoreUnavailable when none ever has caught up, and Redis
        does not answer either.
        """
        if self._status.answers:
            if not self._readiness.has_caught_up(self._status.lineage):
                raise self.filling()
            if self._status.wrong_clock:
                raise ServerClockWrong(next(self._pushbacks))
        elif self._readiness.is_first:
            raise StoreUnavailable(self._status.waiting_for)

    def confirm(self, held: bytes | None) -> None:
        """Raise StoreFilling when a request has read another lineage than the one that has caught up.

        That is news after a loss: then the next look at the status is due at once.
        """
        lineage = None if held is None else held.decode()
        if self._readiness.has_caught_up(lineage):
            return
        if lineage != self._status.lineage:
            self.doubt()
        raise self.filling()

    async def next_look(self) -> None:
        """Wait until the status is due to be read again."""
        await asyncio.sleep(_SHORTEST_PERIOD_SECONDS)
        with suppress(TimeoutError):
            async with asyncio.timeout(_PERIOD_SECONDS - _SHORTEST_PERIOD_SECONDS):
                await self._is_doubtful.wait()
        self._is_doubtful.clear()

    def doubt(self) -> None:
        """Make the next look at the status due at once: a request has found that the store lost something."""
        self._is_doubtful.set()

    def filling(self) -> StoreFilling:
        """An error that says when to retry, for a request that nothing may be read for."""
        return StoreFilling(next(self._pushbacks))
