"""Costs by the number of masters, workers and servers of one machine: python -m tests.benchmarks.scale [--json].

Redis Clusters of 1, 2 and 3 masters are filled by 1 and 2 workers from a real broker, then asked by 1 and 2 servers.
What counts is CPU time per post and per request, of each process: the processors of one machine are shared, so that
rates say little. Trust ratios of one run.
"""

import argparse
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import redis
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.libraries import kafka_libraries
from tests.support.wait import eventually
from thunder.bench.load.client import Job, LoadClient
from thunder.bench.processes import cpu_seconds, redis_use, start_server, start_worker
from thunder.bench.standard_store import POSTS_PER_AUTHOR, posts
from thunder.bench.store import BenchStore, key_space
from thunder.bench.topics import BenchKafka, GroupProgress, produce
from thunder.embedded.child import Child
from thunder.embedded.redis_cluster import EmbeddedRedisCluster

MASTERS, WORKERS, SERVERS = (1, 2, 3), (1, 2), (1, 2)
FOLLOWS, RESULTS = 200, 1200
LONGEST_SECONDS = 300.0


class Costs(NamedTuple):
    """CPU time in microseconds for a post or a request: of each process and each node of Redis, and their sums."""

    cpu: list[float]
    nodes: list[float]
    cpu_us: float
    redis_us: float
    per_second: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale", description=__doc__)
    parser.add_argument("--authors", type=int, default=2000, help=f"each with {POSTS_PER_AUTHOR} posts")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each load")
    parser.add_argument("--json", action="store_true", help="one object instead of a table")
    options = parser.parse_args()
    with Progress(console=Console(stderr=True)) as progress, TemporaryDirectory() as directory:
        rows = run(Path(directory), options.authors, options.seconds, progress)
    if options.json:
        print(json.dumps({"rows": rows}))
    else:
        show(rows)


def run(directory: Path, authors: int, seconds: float, progress: Progress) -> list[dict[str, Any]]:
    with ExitStack() as running:
        broker = KafkaBroker(kafka_libraries(progress.console.print), directory, progress.console.print)
        running.callback(broker.kill)
        kafka = BenchKafka(broker.bootstrap, None)
        topic = kafka.new_topic()
        events = produce(kafka, topic, posts(int(time.time()), authors))
        rows: list[dict[str, Any]] = []
        for masters, workers in progress.track(list(product(MASTERS, WORKERS)), description="masters and workers"):
            folder = directory / f"{masters}-{workers}"
            folder.mkdir()
            with ExitStack() as stack:
                cluster = EmbeddedRedisCluster(folder, masters=masters)
                stack.callback(cluster.stop)
                store = BenchStore(cluster.url, key_space(events), authors)
                nodes = [stack.enter_context(redis.Redis.from_url(node.url)) for node in cluster.nodes]
                where = {"masters": masters, "workers": workers}
                rows.append(where | written(store, nodes, kafka, topic, workers, events, folder)._asdict())
                if workers == WORKERS[-1]:
                    read = (answered(store, nodes, servers, seconds, folder) for servers in SERVERS)
                    rows += ({"masters": masters, "servers": len(costs.cpu)} | costs._asdict() for costs in read)
    return rows


def written(
    store: BenchStore,
    nodes: Sequence[redis.Redis],
    kafka: BenchKafka,
    topic: str,
    workers: int,
    events: int,
    folder: Path,
) -> Costs:
    """Costs of a post, without the start of the workers."""
    group = folder.name
    with ExitStack() as running:
        progress = running.enter_context(closing(GroupProgress(kafka, topic, group)))
        roles = [start_worker(store, kafka.flags(topic, group), folder, running) for _ in range(workers)]
        first = _wait_for(events // 10, progress)
        before = _use(nodes, [role.process for role in roles])
        last = _wait_for(events, progress)
        costs = _costs(before, _use(nodes, [role.process for role in roles]), last - first)
        for role in roles:
            role.wait_until_ready()  # servers wait for the report that all is caught up
        return costs


def _wait_for(count: int, progress: GroupProgress) -> int:
    eventually(lambda: progress.events() >= count, f"{count:,} events are written", LONGEST_SECONDS)
    return progress.events()


def answered(store: BenchStore, nodes: Sequence[redis.Redis], number: int, seconds: float, folder: Path) -> Costs:
    """Costs of a request, each server with a client of its own."""
    with ExitStack() as running:
        servers = [start_server(f"server-{each}", store, folder, running) for each in range(number)]
        clients = [running.enter_context(LoadClient()) for _ in servers]
        jobs = [Job(server.address, seconds, FOLLOWS, RESULTS, store.authors) for server in servers]
        with ThreadPoolExecutor(number) as threads:
            list(threads.map(LoadClient.run, clients, [job._replace(seconds=seconds / 4) for job in jobs]))
            before = _use(nodes, [server.process for server in servers])
            loads = list(threads.map(LoadClient.run, clients, jobs))
        return _costs(before, _use(nodes, [server.process for server in servers]), sum(load.sent for load in loads))


class _Use(NamedTuple):
    at: float
    processes: list[float]
    nodes: list[float]


def _use(nodes: Sequence[redis.Redis], processes: Sequence[Child]) -> _Use:
    cpu = [cpu_seconds(process) for process in processes]
    return _Use(time.monotonic(), cpu, [redis_use(node).seconds for node in nodes])


def _costs(before: _Use, after: _Use, count: int) -> Costs:
    def per_piece(earlier: list[float], later: list[float]) -> list[float]:
        return [round((end - begin) / count * 1e6, 2) for begin, end in zip(earlier, later, strict=True)]

    cpu, nodes = per_piece(before.processes, after.processes), per_piece(before.nodes, after.nodes)
    return Costs(cpu, nodes, round(sum(cpu), 2), round(sum(nodes), 2), round(count / (after.at - before.at), 1))


def show(rows: Sequence[dict[str, Any]]) -> None:
    table = Table("masters", "workers", "servers", "for each", "CPU us", "Redis us", "us of each node", "per second")
    for row in rows:
        piece = "post" if "workers" in row else "request"
        counts = (str(row[name]) if name in row else "" for name in ("masters", "workers", "servers"))
        figures = (f"{row['cpu_us']:,.1f}", f"{row['redis_us']:,.1f}", " ".join(map(str, row["nodes"])))
        table.add_row(*counts, piece, *figures, f"{row['per_second']:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
