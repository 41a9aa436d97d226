"""Counts stalls of the event loop: while one lasts, no request proceeds and no deadline is noticed."""

import asyncio
import time
from collections.abc import Awaitable, Callable

INTERVAL_SECONDS = 0.01
"""Interval between looks. A stall is noticed if a look was due in its first part, so those of 30 ms and more always."""

STALL_SECONDS = 0.02
"""Delay of a look above which it counts as a stall."""


async def watch_stalls(
    count_stall: Callable[[], object],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Look at the running loop without end, and call count_stall after each stall. clock: seconds."""
    while True:
        due = clock() + INTERVAL_SECONDS
        await sleep(INTERVAL_SECONDS)
        if clock() - due > STALL_SECONDS:
            count_stall()
