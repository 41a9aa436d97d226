"""Asks again and again whether this process may be sent requests, and tells who wants to know."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from serve.readiness import STARTING, Readiness, StoreStatus, Verdict

log = logging.getLogger("thunder.serve")

_PERIOD_SECONDS = 0.5


async def watch_readiness(
    read_status: Callable[[], Awaitable[StoreStatus]], tell: Callable[[Verdict], Awaitable[None]]
) -> None:
    """Call tell at every change, until cancelled. What read_status raises ends the watch."""
    readiness, last = Readiness(), STARTING
    while True:
        verdict = readiness.judge(await read_status())
        if verdict != last:
            _log_change(last, verdict)
            await tell(verdict)
            last = verdict
        await asyncio.sleep(_PERIOD_SECONDS)


def _log_change(last: Verdict, verdict: Verdict) -> None:
    if last.ready:
        log.warning("No longer ready, waiting for %s", verdict.waiting_for)
    elif not verdict.ready:
        log.info("Waiting for %s", verdict.waiting_for)
