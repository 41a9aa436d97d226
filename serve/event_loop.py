"""Work of an event loop without which the process must not go on."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from common.lifecycle import Stop


def event_of(stop: Stop) -> asyncio.Event:
    """An event of the running loop that is set when stop is."""
    loop, event = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        with suppress(RuntimeError):  # the loop has ended by itself
            loop.call_soon_threadsafe(event.set)

    stop.call_when_set(wake)
    return event


async def run_until(stopped: asyncio.Event, *work: Coroutine[Any, Any, None]) -> None:
    """Run the work, none of which may end by itself, until stopped is set. Raises what the first to die died of."""
    waiting = asyncio.create_task(stopped.wait())
    tasks = [asyncio.create_task(endless) for endless in work]
    try:
        await asyncio.wait((waiting, *tasks), return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
                raise RuntimeError(f"{task.get_coro()} ended by itself")
    finally:
        for task in (waiting, *tasks):
            task.cancel()
        await asyncio.gather(waiting, *tasks, return_exceptions=True)
