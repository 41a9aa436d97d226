"""Asks again and again whether this process may be sent requests, and tells who wants to know."""

import asyncio
from collections.abc import Awaitable, Callable

from serve.readiness import STARTING, Readiness, StoreStatus, Verdict

_PERIOD_SECONDS = 0.5


async def watch_readiness(
    read_status: Callable[[], Awaitable[StoreStatus]], tell: Callable[[Verdict], Awaitable[None]]
) -> None:
    """Call tell at every change, until cancelled. What read_status raises ends the watch."""
    readiness, last = Readiness(), STARTING
    while True:
        verdict = readiness.judge(await read_status())
        if verdict != last:
            await tell(verdict)
            last = verdict
        await asyncio.sleep(_PERIOD_SECONDS)
