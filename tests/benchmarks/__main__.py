"""Fill the standard store through Kafka and a real worker, then ask a real server: python -m tests.benchmarks [--json].

Prints events per worker CPU-second (consume, decode, write, commit), bytes per post (everything in Redis included) and
requests per CPU-second (server and Redis) at 50, 200 and 1000 follows. Trust ratios of one run, not runs of two days.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any, NamedTuple, cast

import grpc
from confluent_kafka import Producer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from ingest.decode.refined_event import encode_event, event_key
from tests.benchmarks.standard_store import AUTHORS, POSTS_PER_AUTHOR, posts, requests
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.libraries import kafka_libraries
from tests.support.processes.thunder import Role, Thunder
from tests.support.redis.servers import RedisServer
from tests.support.serving.rpc import METHOD
from tests.support.wait import eventually

TOPIC = "innetwork_post"
PARTITIONS = 4
CONCURRENCY = 4
CLOCK_TICKS = 100  # of /proc/PID/stat, per second


class Reading(NamedTuple):
    """Cost of one kind of request."""

    follows: int
    max_results: int
    per_cpu_second: float
    server_ms: float
    redis_ms: float
    p50_ms: float
    p99_ms: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--authors", type=int, default=AUTHORS, help=f"each with {POSTS_PER_AUTHOR} posts")
    parser.add_argument("--requests", type=int, default=400, help="of each kind")
    parser.add_argument("--json", action="store_true", help="one object instead of tables")
    options = parser.parse_args()
    with Progress(console=Console(stderr=True)) as progress, tempfile.TemporaryDirectory() as directory:
        report = run(Path(directory), options.authors, options.requests, progress)
    if options.json:
        print(json.dumps(report))
    else:
        show(report)


def run(directory: Path, authors: int, count: int, progress: Progress) -> dict[str, Any]:
    with servers(directory, progress) as (kafka, store, thunder):
        empty_bytes = used_memory(store)
        store.client.config_set("slowlog-log-slower-than", 1000)
        seen = fill_topic(kafka, authors, progress)
        worker = thunder.start("ingest", *kafka_flags(kafka), "--redis-url", store.url)
        wait_until_written(store, len(seen), progress)
        worker_cpu = cpu_seconds(worker)
        worker.terminate()
        report: dict[str, Any] = {
            "posts": len(seen),
            "events_per_worker_cpu_second": len(seen) / worker_cpu,
            "redis_us_per_post": redis_cpu(store) / len(seen) * 1e6,
            "bytes_per_post": (used_memory(store) - empty_bytes) / len(seen),
            "slowest_call_ms": slowest_call_ms(store),
        }
        server = thunder.start("serve", "--redis-url", store.url)
        server.wait_until_ready()
        with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
            kinds = [(50, 1200), (200, 1200), (200, 100), (1000, 1200)]
            report["readings"] = [
                measure(channel, server, store, follows, most, seen, count, progress)._asdict()
                for follows, most in kinds
            ]
    return report


@contextmanager
def servers(directory: Path, progress: Progress) -> Generator[tuple[KafkaBroker, RedisServer, Thunder]]:
    def say(line: str) -> None:
        progress.console.print(line)

    kafka_files = directory / "kafka"
    kafka_files.mkdir()
    store = RedisServer(directory)
    thunder = Thunder(directory)
    kafka = KafkaBroker(kafka_libraries(say), kafka_files, say)
    try:
        kafka.create_topic(TOPIC, PARTITIONS)
        yield kafka, store, thunder
    finally:
        thunder.close()
        kafka.kill()
        store.kill()


def kafka_flags(kafka: KafkaBroker) -> list[str]:
    source = ["--in-network-events-consumer-dest", kafka.bootstrap]
    return ["--kafka-group-id", "benchmark", "--auto-offset-reset", "smallest", *source]


def fill_topic(kafka: KafkaBroker, authors: int, progress: Progress) -> list[int]:
    """Produce the standard store, return its post ids."""
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "linger.ms": 50, "queue.buffering.max.messages": 10**6})
    ids: list[int] = []
    task = progress.add_task("producing posts", total=authors * POSTS_PER_AUTHOR)
    for post in posts(int(time.time()), authors):
        producer.produce(TOPIC, encode_event(post), key=event_key(post))
        ids.append(post.post_id)
        if len(ids) % 10_000 == 0:
            producer.poll(0)
            progress.advance(task, 10_000)
    producer.flush()
    return ids


def wait_until_written(store: RedisServer, count: int, progress: Progress) -> None:
    """Return when the posts of the topic are in the store: it has stopped growing at that size."""
    task = progress.add_task("ingesting posts", total=count)

    def all_are_written() -> bool:
        calls = cast("dict[str, dict[str, int]]", store.client.info("commandstats"))
        written = calls.get("cmdstat_hset", {}).get("calls", 0)
        progress.update(task, completed=written)
        return written >= count

    eventually(all_are_written, "all posts are in the store", timeout=600, interval=0.2)


def slowest_call_ms(store: RedisServer) -> float:
    """Time of the slowest command so far, as Redis's SLOWLOG has it: a script blocks every other client meanwhile."""
    slow = store.client.slowlog_get(128)
    return max((entry["duration"] for entry in slow), default=0) / 1000


def measure(
    channel: grpc.Channel,
    server: Role,
    store: RedisServer,
    follows: int,
    max_results: int,
    seen: list[int],
    count: int,
    progress: Progress,
) -> Reading:
    call = channel.unary_unary(METHOD, GetInNetworkPostsRequest.SerializeToString, bytes)
    asked = requests(count, follows, max_results, seen)
    task = progress.add_task(f"{follows} follows, {max_results} results", total=count)

    def ask(request: GetInNetworkPostsRequest) -> float:
        started = time.perf_counter()
        call(request, timeout=30)
        progress.advance(task)
        return (time.perf_counter() - started) * 1000

    with ThreadPoolExecutor(CONCURRENCY) as clients:
        list(clients.map(ask, asked[: count // 10]))
        server_before, redis_before = cpu_seconds(server), redis_cpu(store)
        took = list(clients.map(ask, asked))
    server_ms = (cpu_seconds(server) - server_before) / count * 1000
    redis_ms = (redis_cpu(store) - redis_before) / count * 1000
    percentiles = quantiles(took, n=100)
    per_cpu_second = 1000 / (server_ms + redis_ms)
    return Reading(follows, max_results, per_cpu_second, server_ms, redis_ms, percentiles[49], percentiles[98])


def cpu_seconds(role: Role) -> float:
    """User and system time that the process has used."""
    fields = Path(f"/proc/{role.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def redis_cpu(store: RedisServer) -> float:
    used = cast("dict[str, float]", store.client.info("cpu"))
    return used["used_cpu_user"] + used["used_cpu_sys"]


def used_memory(store: RedisServer) -> int:
    return cast("dict[str, int]", store.client.info("memory"))["used_memory"]


def show(report: dict[str, Any]) -> None:
    console = Console()
    console.print(
        f"{report['posts']:,} posts ingested: {report['events_per_worker_cpu_second']:,.0f} events per worker"
    )
    console.print(
        f"CPU-second, {report['redis_us_per_post']:.1f} us of Redis and {report['bytes_per_post']:.0f} B a post"
    )
    console.print(f"slowest call of Redis: {report['slowest_call_ms']:.1f} ms (goal: 10 ms)")
    table = Table("follows", "results", "requests per CPU-second", "server ms", "Redis ms", "p50 ms", "p99 ms")
    for reading in report["readings"]:
        follows, most, *figures = reading.values()
        table.add_row(str(follows), str(most), *(f"{figure:,.2f}" for figure in figures))
    console.print(table)


if __name__ == "__main__":
    main()
