"""`thunder bench read`: requests per CPU-second of server and Redis, beside a naive server and an empty one."""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple

import redis
from rich.progress import Progress

from serve.native import NATIVE
from thunder.bench.load.client import Job, LoadClient, LoadFailed
from thunder.bench.load.loops import Load
from thunder.bench.options import LengthOptions
from thunder.bench.peers import empty_server, naive_server
from thunder.bench.processes import Server, cpu_seconds, redis_use, start_peer, start_server
from thunder.bench.standard_store import AUTHORS, POSTS_PER_AUTHOR
from thunder.bench.store import RETENTION_SECONDS, BenchStore, filled_store
from thunder.embedded.child import LOOPBACK, free_port

NAIVE, FLOOR = "naive", "floor"
CORES = ("native", "python") if NATIVE else ("python",)

_FLOOR_KIND = (200, 1200)
"""The kind of request whose answers give the floor its size."""


_SLOW_FOLLOWS = 1000
"""Number of follows from which the naive server has one caller, or it would take minutes. Its CPU time is the same."""


class Kind(NamedTuple):
    """A kind of request."""

    follows: int
    max_results: int


KINDS = (Kind(50, 1200), Kind(200, 1200), Kind(200, 100), Kind(1000, 1200), Kind(5000, 1200))


class Plan(NamedTuple):
    """Size of a measurement: seconds of each load, of which each kind and server gets as many as there are rounds."""

    authors: int
    kinds: Sequence[Kind]
    rounds: int
    seconds: float


FULL = Plan(AUTHORS, KINDS, rounds=3, seconds=1.5)
QUICK = Plan(AUTHORS // 10, KINDS[:4], rounds=2, seconds=0.5)


class Sample(NamedTuple):
    """One load on one server."""

    server_ms: float
    redis_ms: float
    commands: float
    load: Load


class ReadCost(NamedTuple):
    """ReadCost of a request of one kind on one server, the median of the samples. commands: sent to Redis."""

    requests_per_cpu_second: float
    server_ms: float
    redis_ms: float
    p50_ms: float
    p99_ms: float
    bytes: float
    commands: float


class ReadFigures(NamedTuple):
    """Costs by kind and server, and CPU time of a call to the empty server."""

    costs: dict[Kind, dict[str, ReadCost]]
    floor_ms: float
    posts: int


def measure_read(url: str | None, options: LengthOptions, progress: Progress) -> ReadFigures:
    """Fills a store, starts the servers, loads them in turns. Raises ThunderError."""
    plan = QUICK if options.quick else FULL
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="thunder-bench-")))
        store = running.enter_context(filled_store(url, folder, plan.authors, progress))
        client = running.enter_context(LoadClient())
        servers = [_start_naive(store, folder, running)]
        servers += [start_server(core, store, folder, running, core) for core in CORES]
        floor = _start_floor(folder, running)
        costs = _measure_kinds(plan, store, servers, client, progress)
        size = round(costs[Kind(*_FLOOR_KIND)][NAIVE].bytes)
        job = Job(floor.address, plan.seconds, size=size, method=empty_server.METHOD)
        floor_ms = _cost(_samples(job, floor, store, client, plan.rounds)).server_ms
    return ReadFigures(costs, floor_ms, plan.authors * POSTS_PER_AUTHOR)


def _measure_kinds(
    plan: Plan, store: BenchStore, servers: Sequence[Server], client: LoadClient, progress: Progress
) -> dict[Kind, dict[str, ReadCost]]:
    task = progress.add_task("reading", total=len(plan.kinds) * plan.rounds * len(servers))
    costs: dict[Kind, dict[str, ReadCost]] = {}
    with store.client() as connection:
        for kind in plan.kinds:
            samples: dict[str, list[Sample]] = {server.name: [] for server in servers}
            jobs = {server.name: _job(server, kind, store, plan.seconds) for server in servers}
            for server in servers:
                client.run(jobs[server.name]._replace(seconds=plan.seconds / 5))  # warms up
            for _ in range(plan.rounds):
                for server in servers:
                    samples[server.name].append(_sample(jobs[server.name], server, connection, client))
                    progress.advance(task)
            costs[kind] = {name: _cost(taken) for name, taken in samples.items()}
    progress.remove_task(task)
    return costs


def _job(server: Server, kind: Kind, store: BenchStore, seconds: float) -> Job:
    job = Job(server.address, seconds, kind.follows, kind.max_results, store.authors, store.seen)
    is_slow = server.name == NAIVE and kind.follows >= _SLOW_FOLLOWS
    return job._replace(callers=1) if is_slow else job


def _samples(job: Job, server: Server, store: BenchStore, client: LoadClient, rounds: int) -> list[Sample]:
    with store.client() as connection:
        client.run(job._replace(seconds=job.seconds / 5))
        return [_sample(job, server, connection, client) for _ in range(rounds)]


def _sample(job: Job, server: Server, connection: redis.Redis, client: LoadClient) -> Sample:
    cpu, use = cpu_seconds(server.process), redis_use(connection)
    load = client.run(job)
    used_cpu, used = cpu_seconds(server.process) - cpu, redis_use(connection)
    if load.ends:
        raise LoadFailed(f"the server {server.name} did not answer all calls: {dict(load.ends)}")
    per_call = 1 / load.sent
    return Sample(
        used_cpu * per_call * 1000,
        (used.seconds - use.seconds) * per_call * 1000,
        (used.commands - use.commands) * per_call,
        load,
    )


def _cost(samples: Sequence[Sample]) -> ReadCost:
    loads = [sample.load for sample in samples]
    return ReadCost(
        median(1000 / (sample.server_ms + sample.redis_ms) for sample in samples),
        median(sample.server_ms for sample in samples),
        median(sample.redis_ms for sample in samples),
        median(load.p50_ms for load in loads),
        median(load.p99_ms for load in loads),
        median(load.answer_bytes for load in loads),
        median(sample.commands for sample in samples),
    )


def _start_naive(store: BenchStore, folder: Path, running: ExitStack) -> Server:
    port = free_port()
    words = (port, store.keys.buckets, store.keys.post_hashes, RETENTION_SECONDS)
    variables = {"REDIS_URL": store.url}
    child = start_peer(naive_server.__name__, tuple(map(str, words)), folder, running, variables)
    return Server(NAIVE, f"{LOOPBACK}:{port}", child)


def _start_floor(folder: Path, running: ExitStack) -> Server:
    port = free_port()
    return Server(FLOOR, f"{LOOPBACK}:{port}", start_peer(empty_server.__name__, (str(port),), folder, running, {}))


def read_as_json(figures: ReadFigures) -> dict[str, object]:
    """The figures of the product, each with its ratio to the naive server of the same run."""
    rows = [
        {
            "follows": kind.follows,
            "max_results": kind.max_results,
            "cache": False,
            "core": core,
            **{name: round(value, 3) for name, value in cost._asdict().items()},
            "ratio_to_naive": round(ratio_to_naive(costs, core), 3),
        }
        for kind, costs in figures.costs.items()
        for core, cost in costs.items()
        if core != NAIVE
    ]
    return {"rows": rows, "floor_ms": round(figures.floor_ms, 4)}


def ratio_to_naive(costs: dict[str, ReadCost], core: str) -> float:
    """Requests per CPU-second of a core as a multiple of those of the naive server."""
    return costs[core].requests_per_cpu_second / costs[NAIVE].requests_per_cpu_second
