"""Offer a server more than it can do, at a steady rate that does not wait for it: python -m tests.benchmarks.overload.

The store is a stand-in that works 4.5 ms in three steps, so a processor of its own answers about 200 requests a second.
First the peak is found, then 1, 2 and 10 times the peak are offered, and 1 time again. Invariant I6 asks, at twice the
peak: answers at 80 % of the peak, their p99 within 3 times that of the peak (100 ms at least), refusals with pushback.
"""

import asyncio
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import NamedTuple

import grpc
from prometheus_client import CollectorRegistry
from rich.console import Console
from rich.table import Table

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from common.settings.serve import ServingSettings
from serve.deadline import Deadline
from serve.query import Answer, Query, Summary
from serve.rpc.server import GrpcServer
from serve.wiring import build_service
from tests.support.processes.child import Child
from tests.support.serving.rpc import METHOD

SECONDS = 5
STEPS = 3
STEP_SECONDS = 0.0015
FOLLOWING = range(10**18, 10**18 + 200)
REQUEST = GetInNetworkPostsRequest(user_id=1, following_user_ids=FOLLOWING).SerializeToString()
Ask = grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]
ANSWER = Answer(bytes(46_000), False, Summary(0, 0, 0, 0, 0), Summary(0, 0, 0, 0, 0))


class BusyTimelines:
    """Answers after work in several steps, with a short wait after each."""

    async def read(self, query: Query, now: int, deadline: Deadline) -> Answer:
        """As Timelines."""
        for _ in range(STEPS):
            work_until = time.thread_time() + STEP_SECONDS
            while time.thread_time() < work_until:
                pass
            await asyncio.sleep(0.0005)
        return ANSWER


class Offered(NamedTuple):
    """Outcome of an offered rate, in requests per second."""

    rate: float
    answered: float
    p50_ms: float
    p99_ms: float
    refused_with_pushback: int
    others: Counter[str]


async def serve() -> None:
    """Serve on a free port, printed first, until killed."""
    settings = ServingSettings(grpc_host="127.0.0.1", grpc_port=0)
    service = build_service(settings, BusyTimelines(), None, lambda: 0, CollectorRegistry())
    server = GrpcServer(service.servicer, settings, drain_seconds=1)
    await server.start()
    print(f"port {server.port}", flush=True)
    await asyncio.Event().wait()


async def offer(port: int, rate: float) -> Offered:
    """Send requests at this rate for some seconds, without waiting for answers."""
    loop, latencies, ends = asyncio.get_running_loop(), list[float](), Counter[str]()

    async def ask_once() -> None:
        began = loop.time()
        try:
            await ask(REQUEST, timeout=10)
            latencies.append(loop.time() - began)
        except grpc.aio.AioRpcError as error:
            pushback = "grpc-retry-pushback-ms" in dict(error.trailing_metadata() or ())
            ends["refused" if pushback else error.code().name] += 1

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        ask: Ask = channel.unary_unary(METHOD)
        began, asking = loop.time(), list[asyncio.Task[None]]()
        for number in range(int(rate * SECONDS)):
            await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
            asking.append(asyncio.create_task(ask_once()))
        await asyncio.gather(*asking)
        took = loop.time() - began
    cuts = [1000 * cut for cut in quantiles(latencies, n=100)]
    return Offered(rate, len(latencies) / took, cuts[49], cuts[98], ends.pop("refused", 0), ends)


async def find_peak(port: int) -> float:
    """Requests answered per second for eight callers who ask again and again."""
    answers = 0

    async def keep_asking(until: float) -> None:
        nonlocal answers
        while time.monotonic() < until:
            await ask(REQUEST)
            answers += 1

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        ask: Ask = channel.unary_unary(METHOD)
        until = time.monotonic() + SECONDS
        await asyncio.gather(*(keep_asking(until) for _ in range(8)))
    return answers / SECONDS


def show(results: list[Offered]) -> None:
    table = Table("offered/s", "answered/s", "p50 ms", "p99 ms", "refused with pushback", "other ends")
    for offered in results:
        figures = (offered.rate, offered.answered, offered.p50_ms, offered.p99_ms, offered.refused_with_pushback)
        table.add_row(*(f"{figure:,.0f}" for figure in figures), str(dict(offered.others) or "none"))
    Console().print(table)


def main() -> None:
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
        return
    with TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "tests.benchmarks.overload", "serve"]
        server = Child(command, Path(directory) / "server.log")
        port = int(server.wait_for_output(r"^port (\d+)$").group(1))
        peak = asyncio.run(find_peak(port))
        show([asyncio.run(offer(port, peak * times)) for times in (1, 2, 10, 1)])
        server.kill()


if __name__ == "__main__":
    main()
