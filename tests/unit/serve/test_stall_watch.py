import asyncio

import pytest

from serve.stall_watch import INTERVAL_SECONDS, STALL_SECONDS, watch_stalls


@pytest.mark.parametrize(
    ("delays", "stalls"),
    [([0.0, 0.001, STALL_SECONDS * 0.9], 0), ([0.0, STALL_SECONDS * 1.1, 0.0, 5.0], 2)],
)
def test_stalls_above_the_limit_are_counted_once(delays: list[float], stalls: int) -> None:
    now, counted = 100.0, 0

    async def sleep(seconds: float) -> None:
        nonlocal now
        if not delays:
            raise asyncio.CancelledError
        assert seconds == INTERVAL_SECONDS
        now += seconds + delays.pop(0)

    def count() -> None:
        nonlocal counted
        counted += 1

    async def watch() -> None:
        with pytest.raises(asyncio.CancelledError):
            await watch_stalls(count, lambda: now, sleep)

    asyncio.run(watch())
    assert counted == stalls
