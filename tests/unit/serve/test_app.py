import asyncio

import pytest

from common.lifecycle import Stop
from serve.app import event_of, run_until
from tests.support.in_loop import in_loop


async def forever() -> None:
    await asyncio.Event().wait()


async def fail() -> None:
    raise ValueError("broken")


async def end() -> None:
    return


@in_loop
async def test_work_runs_until_stopped() -> None:
    stopped, ran = asyncio.Event(), list[str]()

    async def work() -> None:
        ran.append("started")
        try:
            await forever()
        finally:
            ran.append("cancelled")

    asyncio.get_running_loop().call_later(0.01, stopped.set)
    await run_until(stopped, work(), forever())
    assert ran == ["started", "cancelled"]


@in_loop
async def test_work_that_fails_ends_the_rest_with_its_error() -> None:
    with pytest.raises(ValueError, match="broken"):
        await run_until(asyncio.Event(), forever(), fail())


@in_loop
async def test_work_may_not_end_before_it_is_stopped() -> None:
    with pytest.raises(RuntimeError, match="end"):
        await run_until(asyncio.Event(), forever(), end())


def test_a_stop_after_the_loop_has_ended_is_harmless() -> None:
    stop = Stop()

    async def listen() -> asyncio.Event:
        return event_of(stop)

    event = asyncio.run(listen())
    stop.set()
    assert not event.is_set()
