"""Abusive clients, each a program that goes on until it is killed: python -m tests.benchmarks.abusers KIND ADDRESS.

They run at the lowest priority: what is measured is the server, not who gets the processors of the machine.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack

import grpc

from tests.support.serving.rpc import METHOD
from thunder.bench.load.loops import OWN_CONNECTION, Ask, connections
from thunder.bench.standard_store import requests, standard_authors

WIDE_FOLLOWS = 10_000
STREAMS = 10_000
STREAMS_PER_CONNECTION = 1000
SLOW_SECONDS = 1.0

ORDINARY = [request.SerializeToString() for request in requests(20, 200, 1200, standard_authors())]


async def wide(address: str) -> None:
    """16 callers on one connection, each with requests for 10,000 follows."""
    asked = [request.SerializeToString() for request in requests(4, WIDE_FOLLOWS, 1200, standard_authors())]

    async def keep_asking(ask: Ask) -> None:
        while True:
            await _end(ask(random.choice(asked), timeout=10))

    async with connections(address, 1) as (ask,):
        await asyncio.gather(*(keep_asking(ask) for _ in range(16)))


async def cancel(address: str) -> None:
    """Storms of 200 calls on one connection, ten a second, cancelled after 5 ms, when the server works on some."""
    async with connections(address, 1) as (ask,):
        while True:
            calls = [ask(ORDINARY[number % 20]) for number in range(200)]
            ends = [asyncio.ensure_future(_end(call)) for call in calls]
            await asyncio.sleep(0.005)
            for call in calls:
                call.cancel()
            await asyncio.gather(*ends)
            await asyncio.sleep(0.095)


async def streams(address: str) -> None:
    """10,000 calls on ten connections that never send their request."""

    async def nothing() -> AsyncGenerator[bytes]:
        await asyncio.Event().wait()
        yield b""

    async with AsyncExitStack() as stack:
        calls: list[grpc.aio.StreamUnaryCall[bytes, bytes]] = []
        for _ in range(STREAMS // STREAMS_PER_CONNECTION):
            channel = await stack.enter_async_context(grpc.aio.insecure_channel(address, OWN_CONNECTION))
            open_call: grpc.aio.StreamUnaryMultiCallable[bytes, bytes] = channel.stream_unary(METHOD)
            calls += [open_call(nothing()) for _ in range(STREAMS_PER_CONNECTION)]
        await asyncio.gather(*(call.wait_for_connection() for call in calls), return_exceptions=True)
        print("begun", flush=True)
        await asyncio.gather(*map(_end, calls))
        await asyncio.Event().wait()


async def slow(address: str) -> None:
    """Storms of 100 calls on one connection, whose answers are read only a second later: the process sleeps."""
    async with connections(address, 1) as (ask,):
        while True:
            ends = [asyncio.ensure_future(_end(ask(ORDINARY[number % 20], timeout=10))) for number in range(100)]
            await asyncio.sleep(0.05)
            _stop_for(SLOW_SECONDS)
            await asyncio.wait(ends, timeout=0.2)


def _stop_for(seconds: float) -> None:
    """Stop this process, with the threads in which gRPC reads."""
    waking = subprocess.Popen(["/bin/sh", "-c", f"sleep {seconds}; kill -CONT {os.getpid()}"])
    os.kill(os.getpid(), signal.SIGSTOP)
    waking.wait()


async def _end(call: Awaitable[bytes]) -> None:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
            await asyncio.sleep(0.05)
    except asyncio.CancelledError:
        pass


KINDS: dict[str, Callable[[str], Awaitable[None]]] = {
    "wide": wide,
    "cancel": cancel,
    "streams": streams,
    "slow": slow,
}


async def main() -> None:
    os.nice(19)
    if sys.argv[1] != "streams":
        print("begun", flush=True)
    await KINDS[sys.argv[1]](sys.argv[2])


if __name__ == "__main__":
    asyncio.run(main())
