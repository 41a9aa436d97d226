"""Loads a running server: callers who wait for each answer, and calls at a rate that does not wait for answers."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from statistics import quantiles
from typing import NamedTuple

import grpc

from tests.support.serving.rpc import METHOD

Ask = grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]

OWN_CONNECTION = [("grpc.use_local_subchannel_pool", 1)]
TIMEOUT_SECONDS = 2.0
REFUSED_SECONDS = 0.1
"""Wait of a caller in a closed loop after a refusal: about what servers ask for."""

_PARTIAL = b"\x10\x01"  # the last field of an answer


class Load(NamedTuple):
    """Outcome of a load. Rates are per second; goodput: complete answers within the deadline."""

    offered: float
    goodput: float
    p50_ms: float
    p99_ms: float
    ends: Counter[str]  # of the calls without a complete answer: refused (with pushback), partial, or a status


@asynccontextmanager
async def connections(address: str, number: int) -> AsyncGenerator[list[Ask]]:
    """The rpc over this number of connections, each of its own."""
    async with AsyncExitStack() as stack:
        channels = [
            await stack.enter_async_context(grpc.aio.insecure_channel(address, OWN_CONNECTION)) for _ in range(number)
        ]
        for channel in channels:
            await channel.channel_ready()
        yield [channel.unary_unary(METHOD) for channel in channels]


async def open_loop(asks: Sequence[Ask], requests: Sequence[bytes], rate: float, seconds: float) -> Load:
    """Send requests at random times, rate per second on average, however many answers are outstanding."""
    loop, tally, calls = asyncio.get_running_loop(), _Tally(), list[asyncio.Task[bool]]()
    rng = random.Random(1)
    began = due = loop.time()
    while due < began + seconds:
        if (wait := due - loop.time()) > 0:
            await asyncio.sleep(wait)
        number = len(calls)
        calls.append(asyncio.create_task(tally.ask(asks[number % len(asks)], requests[number % len(requests)])))
        due += rng.expovariate(rate)
    took = loop.time() - began
    await asyncio.gather(*calls)
    return tally.load(len(calls), took)


async def closed_loop(asks: Sequence[Ask], requests: Sequence[bytes], callers: int, seconds: float) -> Load:
    """Let callers ask again and again, each when it has its answer or was refused, spread over the connections."""
    loop, tally = asyncio.get_running_loop(), _Tally()
    began, sent = loop.time(), 0

    async def keep_asking(ask: Ask) -> None:
        nonlocal sent
        while loop.time() < began + seconds:
            sent += 1
            if await tally.ask(ask, requests[sent % len(requests)], timeout=30):
                await asyncio.sleep(REFUSED_SECONDS)

    await asyncio.gather(*(keep_asking(asks[number % len(asks)]) for number in range(callers)))
    return tally.load(sent, loop.time() - began)


class _Tally:
    def __init__(self) -> None:
        self._latencies: list[float] = []
        self._ends: Counter[str] = Counter()

    async def ask(self, ask: Ask, request: bytes, timeout: float = TIMEOUT_SECONDS) -> bool:
        """Make a call; return whether it was refused."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            answer = await ask(request, timeout=timeout)
        except grpc.aio.AioRpcError as error:
            pushback = "grpc-retry-pushback-ms" in dict(error.trailing_metadata() or ())
            self._ends["refused" if pushback else error.code().name] += 1
            return pushback
        if answer.endswith(_PARTIAL):
            self._ends["partial"] += 1
        else:
            self._latencies.append((loop.time() - began) * 1000)
        return False

    def load(self, sent: int, seconds: float) -> Load:
        cuts = quantiles([*self._latencies, *self._latencies], n=100) if self._latencies else [0.0] * 99
        return Load(sent / seconds, len(self._latencies) / seconds, cuts[49], cuts[98], self._ends)
