"""Duration of the recovery of a store: python -m tests.benchmarks.recovery [--json].

Fills the standard store from a real broker, then loses it in several ways: Redis is emptied under one and under two
workers, and Redis is killed and started again with its append-only file. Seconds count from the loss until the server
is ready again. Trust ratios of one run, not runs of two days.
"""

import argparse
import json
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, cast

import grpc
from confluent_kafka import Producer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from ingest.decode.refined_event import encode_event, event_key
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.libraries import kafka_libraries
from tests.support.processes.thunder import Role, Thunder
from tests.support.redis.servers import RedisServer
from tests.support.wait import eventually
from thunder.bench.standard_store import AUTHORS, POSTS_PER_AUTHOR, posts, standard_authors

TOPIC = "innetwork_post"
PARTITIONS = 4
LONGEST_SECONDS = 600.0
REQUEST = GetInNetworkPostsRequest(following_user_ids=standard_authors()[:200])
AOF = {"appendonly": "yes", "appendfsync": "everysec"}


class Recovery(NamedTuple):
    """seconds: from the loss until the server is ready and has answered in full. posts: that were read again."""

    loss: str
    posts: int
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.recovery", description=__doc__)
    parser.add_argument("--authors", type=int, default=AUTHORS, help=f"each with {POSTS_PER_AUTHOR} posts")
    parser.add_argument("--json", action="store_true", help="one list instead of a table")
    options = parser.parse_args()
    with Progress(console=Console(stderr=True)) as progress, TemporaryDirectory() as directory:
        recoveries = run(Path(directory), options.authors, progress)
    if options.json:
        print(json.dumps([recovery._asdict() for recovery in recoveries]))
    else:
        show(recoveries)


def run(directory: Path, authors: int, progress: Progress) -> list[Recovery]:
    with servers(directory, progress) as (kafka, store, thunder):
        count = fill_topic(kafka, authors, progress)
        task = progress.add_task("losing the store", total=4)
        ingest = ("ingest", *kafka_flags(kafka), "--redis-url", store.url)
        server = thunder.start("serve", "--redis-url", store.url)
        recoveries: list[Recovery] = []

        def measure(loss: str, lose: Callable[[], object], posts: int) -> None:
            recoveries.append(recover(loss, lose, server, posts))
            progress.advance(task)

        measure("first start, one worker", lambda: thunder.start(*ingest), count)
        measure("Redis emptied, one worker", lambda: empty(store, server), count)
        thunder.start(*ingest).wait_until_ready()
        measure("Redis emptied, two workers", lambda: empty(store, server), count)
        write_append_only_file(store)
        measure("Redis killed, restarted with its append-only file", lambda: store.restart(AOF), 0)
    return recoveries


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


def fill_topic(kafka: KafkaBroker, authors: int, progress: Progress) -> int:
    """Produce the standard store; the number of its posts."""
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "linger.ms": 50, "queue.buffering.max.messages": 10**6})
    count = 0
    task = progress.add_task("producing posts", total=authors * POSTS_PER_AUTHOR)
    for post in posts(int(time.time()), authors):
        producer.produce(TOPIC, encode_event(post), key=event_key(post))
        count += 1
        if count % 10_000 == 0:
            producer.poll(0)
            progress.advance(task, 10_000)
    producer.flush()
    return count


def recover(loss: str, lose: Callable[[], object], server: Role, posts: int) -> Recovery:
    """Lose the store; return once the server is ready again and answers."""
    lost = time.monotonic()
    lose()
    eventually(lambda: server.status("/readyz") == 200, "the server is ready", timeout=LONGEST_SECONDS)
    eventually(lambda: is_whole(server), "a whole answer", timeout=LONGEST_SECONDS)
    return Recovery(loss, posts, time.monotonic() - lost)


def is_whole(server: Role) -> bool:
    try:
        answer = server.ask(REQUEST)
        return bool(answer.posts) and not answer.partial
    except grpc.RpcError:
        return False


def empty(store: RedisServer, server: Role) -> None:
    """Remove every key; return once the server has noticed."""
    store.flush()
    eventually(lambda: server.status("/readyz") != 200, "the server is not ready")


def write_append_only_file(store: RedisServer) -> None:
    """Return when all that Redis holds is in its append-only file."""
    store.command("CONFIG SET", "appendonly", "yes")

    def is_written() -> bool:
        facts = cast("dict[str, int]", store.client.info("persistence"))
        return not (facts["aof_rewrite_in_progress"] or facts["aof_rewrite_scheduled"])

    eventually(is_written, "the append-only file is written", timeout=LONGEST_SECONDS)


def show(recoveries: list[Recovery]) -> None:
    table = Table("loss", "seconds until ready", "posts read again per second")
    for loss, count, seconds in recoveries:
        table.add_row(loss, f"{seconds:.1f}", f"{count / seconds:,.0f}" if count else "")
    Console().print(table)


if __name__ == "__main__":
    main()
