"""Offer a real server more than it can do, alone and beside abusive clients: python -m tests.benchmarks.overload.

The standard store in a real Redis. First the peak of 16 callers in a closed loop, then 1, 2, 5 and 10 times the peak
in an open loop, and the time until all is well again (invariant I6); 16 callers of each kind of request; and the
latency of ordinary callers before and beside each abuser (fault F18). Trust ratios of one run: --against PROGRAM
measures the `thunder` of another checkout in turns with this one's.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.abusers import KINDS
from tests.support.processes.child import Child
from tests.support.redis.filled_store import fill_store
from tests.support.redis.servers import RedisServer
from tests.support.unused import free_port
from thunder.bench.load.loops import Ask, Load, closed_loop, connections, open_loop
from thunder.bench.standard_store import AUTHORS, posts, requests, standard_authors

ROWS = ((50, 1200), (200, 1200), (200, 100), (1000, 1200))
WIDEST = (10_000, 1200)
TIMES = (1, 2, 5, 10)
CALLERS = 16
CONNECTIONS = 4
ORDINARY_SHARE = 0.25
"""Part of the peak that ordinary callers ask for beside an abuser."""


class Server:
    """A running `thunder serve`, and the highest resident memory since it was last asked."""

    def __init__(self, program: Path, url: str, directory: Path) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        http = free_port()
        env = {"THUNDER_GRPC_PORT": self.address.rpartition(":")[2], "THUNDER_HTTP_PORT": str(http)}
        self._process = Child(
            [program, "serve", "--redis-url", url], directory / f"{http}.log", env | {"PATH": os.environ["PATH"]}
        )
        self._process.wait_for_output("HTTP/gRPC server is ready")

    def peak_rss_mb(self) -> float:
        """Highest resident memory since the last call, in MB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
        Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")
        return peak / 1000

    def stop(self) -> None:
        self._process.kill()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.overload", description=__doc__)
    parser.add_argument("--against", type=Path, metavar="PROGRAM", help="`thunder` of another checkout, measured too")
    parser.add_argument("--authors", type=int, default=AUTHORS, help="of the store, with 50 posts each")
    parser.add_argument("--redis-url", help="a store that is filled already, instead of one of its own")
    parser.add_argument("--rounds", type=int, default=3, help="how often each figure is taken")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each load")
    parser.add_argument("--parts", default="peak,rows,abusers", help="comma-separated")
    parser.add_argument("--json", action="store_true", help="a line for each figure instead of tables")
    options = parser.parse_args()
    programs = [Path(sys.executable).with_name("thunder"), *filter(None, [options.against])]
    rows: list[dict[str, Any]] = []
    with TemporaryDirectory() as directory, filled_store(options, Path(directory)) as url:
        for number in range(options.rounds):
            for name, program in zip(("this", "other"), programs, strict=False):
                found = asyncio.run(measure(program, url, Path(directory), options))
                rows += [{"round": number, "program": name} | row for row in found]
                if options.json:
                    print(*map(json.dumps, rows[-len(found) :]), sep="\n", flush=True)
    if not options.json:
        show(rows)


@contextmanager
def filled_store(options: argparse.Namespace, directory: Path) -> Generator[str]:
    if options.redis_url:
        yield options.redis_url
        return
    server = RedisServer(directory)
    try:
        fill_store(server.url, list(posts(int(time.time()), options.authors)))
        yield server.url
    finally:
        server.kill()


async def measure(program: Path, url: str, directory: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    parts, found = options.parts.split(","), list[dict[str, Any]]()
    server = Server(program, url, directory)
    try:
        peak = await peak_of(server, options.seconds)
        if "peak" in parts:
            found += await overloaded(server, peak.goodput, options.seconds)
        if "rows" in parts:
            found += [await row_of(server, *row, options.seconds) for row in (*ROWS, WIDEST)]
        if "abusers" in parts:
            found += await beside_abusers(server, peak.goodput, directory, options.seconds)
    finally:
        server.stop()
    return found


async def peak_of(server: Server, seconds: float) -> Load:
    async with connections(server.address, CONNECTIONS) as asks:
        await closed_loop(asks, ordinary(), CALLERS, seconds / 5)  # warms up
        server.peak_rss_mb()
        return await closed_loop(asks, ordinary(), CALLERS, seconds)


async def overloaded(server: Server, peak: float, seconds: float) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async with connections(server.address, CONNECTIONS) as asks:
        for times in TIMES:
            load = await open_loop(asks, ordinary(), peak * times, seconds)
            found.append({"load": f"{times}x", "peak": peak} | figures(load, server))
            await asyncio.sleep(1)
        await open_loop(asks, ordinary(), peak * TIMES[-1], seconds / 2)
        found.append({"load": "until well after 10x", "p50_ms": 1000 * await seconds_until_well(asks[0])})
    return found


async def seconds_until_well(ask: Ask) -> float:
    """Seconds until ten calls in a row have been answered within 100 ms each."""
    began, good = time.monotonic(), 0
    while good < 10 and time.monotonic() < began + 20:
        load = await open_loop([ask], ordinary(), 20, 0.01)
        good = good + 1 if load.goodput and load.p99_ms < 100 else 0
    return time.monotonic() - began


async def row_of(server: Server, follows: int, max_results: int, seconds: float) -> dict[str, Any]:
    asked = serialised(follows, max_results)
    server.peak_rss_mb()
    async with connections(server.address, CONNECTIONS) as asks:
        load = await closed_loop(asks, asked, CALLERS, seconds)
    return {"load": f"{CALLERS} callers, {follows} x {max_results}"} | figures(load, server)


async def beside_abusers(server: Server, peak: float, directory: Path, seconds: float) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    rate = peak * ORDINARY_SHARE
    async with connections(server.address, 2) as asks:
        for kind in KINDS:
            found.append({"load": f"before {kind}"} | await ordinary_load(asks, rate, server, seconds))
            command = [sys.executable, "-m", "tests.benchmarks.abusers", kind, server.address]
            abuser = Child(command, directory / f"{kind}.log")
            await asyncio.to_thread(abuser.wait_for_output, "begun")
            await ordinary_load(asks, rate, server, seconds / 5)
            found.append({"load": f"beside {kind}"} | await ordinary_load(asks, rate, server, seconds))
            abuser.kill()
            await asyncio.sleep(1)
    return found


async def ordinary_load(asks: list[Ask], rate: float, server: Server, seconds: float) -> dict[str, Any]:
    server.peak_rss_mb()
    return figures(await open_loop(asks, ordinary(), rate, seconds), server)


def figures(load: Load, server: Server) -> dict[str, Any]:
    return load._asdict() | {"ends": dict(load.ends), "rss_mb": server.peak_rss_mb()}


def ordinary() -> list[bytes]:
    return serialised(200, 1200)


def serialised(follows: int, max_results: int) -> list[bytes]:
    return [request.SerializeToString() for request in requests(20, follows, max_results, standard_authors())]


def show(rows: Sequence[dict[str, Any]]) -> None:
    """Medians over the rounds, with the range of the goodput and the 99th percentile."""
    table = Table("load", "program", "offered/s", "goodput/s", "p50 ms", "p99 ms", "other ends", "server MB")
    for load in dict.fromkeys(row["load"] for row in rows):
        for program in dict.fromkeys(row["program"] for row in rows):
            same = [row for row in rows if (row["load"], row["program"]) == (load, program)]
            ends: Counter[str] = Counter()
            for row in same:
                ends.update(row.get("ends", {}))
            cells = [_median(same, name) for name in ("offered", "goodput", "p50_ms", "p99_ms", "rss_mb")]
            table.add_row(load, program, *cells[:4], str(dict(ends) or ""), cells[4])
    Console().print(table)


def _median(rows: Sequence[dict[str, Any]], name: str) -> str:
    found = [row[name] for row in rows if name in row]
    if not found:
        return ""
    spread = f" ({min(found):,.0f}-{max(found):,.0f})" if name in ("goodput", "p99_ms") else ""
    return f"{median(found):,.0f}{spread}"


if __name__ == "__main__":
    main()
