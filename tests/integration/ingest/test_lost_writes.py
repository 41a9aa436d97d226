"""Redis comes back with less than it acknowledged: workers notice, and read again from Kafka what is missing."""

from collections.abc import Callable, Generator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import cast

import pytest
import redis
from redis.crc import key_slot

from common.store.client import StoreClient
from common.store.commands import NodeCommand, pack
from common.store.keys import META, KeySpace, marks_key
from common.store.marks import (
    BucketMarks,
    Mark,
    MarkKind,
    parse_marks,
    parse_registry,
)
from ingest.events import PostDelete
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.refined_topic import recent_posts
from tests.support.processes.ingest_workers import IngestWorkers, posts
from tests.support.processes.thunder import Role, Thunder
from tests.support.redis.servers import RedisCluster, RedisServer
from tests.support.wait import eventually

AUTHORS = range(1, 61)
BUCKETS = range(KeySpace().buckets)
EVERYSEC = {"appendonly": "yes", "appendfsync": "everysec", "auto-aof-rewrite-percentage": "0"}


class MarkedStore:
    """A server, and what its marks say."""

    def __init__(self, server: RedisServer) -> None:
        self.server = server

    def marks(self) -> list[BucketMarks]:
        with redis.Redis.from_url(self.server.url) as client:
            pipeline = client.pipeline(transaction=False)
            for bucket in BUCKETS:
                pipeline.hgetall(marks_key(bucket).decode())
            replies = cast("list[dict[bytes, bytes]]", pipeline.execute())
        return [parse_marks([part for pair in reply.items() for part in pair]) for reply in replies]

    def all_whole(self) -> bool:
        """Whether a server would answer from every bucket."""
        with redis.Redis.from_url(self.server.url) as client:
            meta = cast("dict[bytes, bytes]", client.hgetall(META.decode()))
        with closing(StoreClient(self.server.url, KeySpace().buckets, 5, reads_tenures=True)) as store_client:
            [node] = store_client.topology().nodes
            session, _ = store_client.ask(node, [pack((b"PING",))])
        fields = parse_registry(meta, 0, 0).fields[MarkKind.POSTS]
        stamp = session.tenure.stamp(meta[b"lineage"].decode())
        return bool(fields) and all(each.are_whole(fields, stamp) for each in self.marks())

    def passed(self) -> int:
        """Messages that every bucket has, of all partitions."""
        marks = self.marks()
        fields = {field for each in marks for field in each.marks}
        return sum(min(each.marks.get(field, Mark(0, "", 0)).offset for each in marks) for field in fields)


def losses(role: Role, reason: str) -> float:
    return role.metrics().value("post_store_losses_total", reason=reason)


def replays(role: Role) -> float:
    metrics = role.metrics()
    reasons = ("missing", "older", "moved", "unconfirmed", "pending")
    return sum(metrics.value("post_store_replays_total", reason=reason) for reason in reasons)


@pytest.fixture
def serve_redis(tmp_path: Path) -> Generator[Callable[..., MarkedStore]]:
    with ExitStack() as stack:

        def start(**settings: str) -> MarkedStore:
            server = RedisServer(tmp_path, {name.replace("_", "-"): value for name, value in settings.items()})
            stack.callback(server.kill)
            return MarkedStore(server)

        yield start


def test_an_append_only_file_that_lost_its_tail(
    thunder: Thunder, kafka: KafkaBroker, tmp_path: Path, serve_redis: Callable[..., MarkedStore]
) -> None:
    store = serve_redis(**EVERYSEC)
    ingest = IngestWorkers(thunder, kafka, store.server.url)
    worker = ingest.ready("--auto-offset-reset", "smallest")
    ingest.produce(*posts(1, 200), PostDelete(7, 0))
    eventually(lambda: store.passed() == 201, "marks of everything")
    eventually(store.all_whole, "a store that is whole")
    [file] = tmp_path.glob("appendonlydir/*.incr.aof")
    size = file.stat().st_size
    ingest.produce(*posts(201, 400), PostDelete(8, 0))
    eventually(lambda: store.passed() == 402, "marks of everything")
    assert replays(worker) == 0

    store.server.kill()
    with file.open("r+b") as opened:
        opened.truncate(size + 1000)
    store.server.restart()
    assert not store.all_whole()

    ingest.wait_for_posts(*(number for number in range(1, 401) if number not in (7, 8)))
    eventually(store.all_whole, "a store that is whole again")
    assert (losses(worker, "older"), losses(worker, "missing")) == (1, 0)
    assert worker.output().count("Store lost writes (older)") == 1
    assert worker.exit_code is None


def test_a_snapshot_that_is_older_than_the_worker(
    thunder: Thunder, kafka: KafkaBroker, serve_redis: Callable[..., MarkedStore]
) -> None:
    store = serve_redis()
    ingest = IngestWorkers(thunder, kafka, store.server.url)
    worker = ingest.ready("--auto-offset-reset", "smallest")
    ingest.produce(*posts(1, 100))
    eventually(store.all_whole, "a store that is whole")
    eventually(lambda: store.passed() == 100, "marks of everything")
    store.server.command("SAVE")
    ingest.produce(*posts(101, 200), PostDelete(7, 0))
    eventually(lambda: store.passed() == 201, "marks of everything")
    assert worker.terminate() == 0

    store.server.restart()
    assert sorted(ingest.stored) == list(range(1, 101))

    ingest.ready()
    ingest.wait_for_posts(*(number for number in range(1, 201) if number != 7))
    eventually(store.all_whole, "a store that is whole again")


def test_restarts_of_workers_and_connections_are_no_loss(
    thunder: Thunder, kafka: KafkaBroker, serve_redis: Callable[..., MarkedStore]
) -> None:
    store = serve_redis()
    ingest = IngestWorkers(thunder, kafka, store.server.url)
    ingest.produce(*posts(1, 100))
    worker = ingest.ready("--auto-offset-reset", "smallest")
    eventually(lambda: store.all_whole() and store.passed() == 100, "a store that is whole")
    ids = {each.id for each in store.marks()}

    store.server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    ingest.produce(*posts(101, 200))
    eventually(lambda: store.passed() == 200, "marks of everything")
    other = ingest.ready()
    ingest.produce(*posts(201, 300))
    eventually(lambda: store.passed() == 300, "marks of everything")
    assert worker.terminate() == 0
    ingest.produce(*posts(301, 400))
    eventually(lambda: store.passed() == 400, "marks of everything")

    assert replays(other) == 0
    assert store.all_whole()
    assert {each.id for each in store.marks()} == ids


def test_a_store_without_marks_is_taken_as_the_commits_say(
    thunder: Thunder, kafka: KafkaBroker, serve_redis: Callable[..., MarkedStore]
) -> None:
    store = serve_redis()
    ingest = IngestWorkers(thunder, kafka, store.server.url)
    ingest.produce(*posts(1, 100))
    worker = ingest.ready("--auto-offset-reset", "smallest")
    ingest.wait_for_posts(*range(1, 101))
    assert worker.terminate() == 0
    forget_marks(store)

    worker = ingest.ready()

    eventually(store.all_whole, "a store that is whole")
    assert store.passed() == 100
    assert (replays(worker), worker.metrics().value("ingest_events_total", type="create")) == (0, 0)


def forget_marks(store: MarkedStore) -> None:
    """Leave what a worker of an earlier release leaves."""
    with redis.Redis.from_url(store.server.url) as client:
        client.delete(*(marks_key(bucket) for bucket in BUCKETS))
        client.hdel(META.decode(), *cast("list[str]", registered(client)))


def test_a_master_of_a_cluster_that_comes_back_empty(
    thunder: Thunder, kafka: KafkaBroker, redis_cluster: RedisCluster, redis_cluster_url: str
) -> None:
    ingest = IngestWorkers(thunder, kafka, redis_cluster_url)
    worker = ingest.ready("--auto-offset-reset", "smallest")
    ingest.produce(*(post for author in AUTHORS for post in recent_posts(author, author, author)), PostDelete(7, 0))
    expected = set(AUTHORS) - {7}
    eventually(lambda: authors_with_posts(redis_cluster_url) == expected, "everything stored")
    with_layout = redis_cluster.master_of(key_slot(META))
    emptied = next(node for node in redis_cluster.nodes if node is not with_layout)
    wait_for_registration(redis_cluster_url)

    emptied.restart()

    eventually(lambda: authors_with_posts(redis_cluster_url) == expected, "everything stored again")
    assert (losses(worker, "missing"), losses(worker, "moved")) == (1, 0)
    assert worker.exit_code is None


def authors_with_posts(url: str) -> set[int]:
    keys, client = KeySpace(), StoreClient(url, KeySpace().buckets, timeout_seconds=5)
    with closing(client):
        authors = [keys.author(author) for author in AUTHORS]
        replies = client.run([NodeCommand(author.bucket, pack((b"ZCARD", author.posts))) for author in authors])
    return {author for author, reply in zip(AUTHORS, replies, strict=True) if reply == 1}


def wait_for_registration(url: str) -> None:
    with closing(StoreClient(url, KeySpace().buckets, timeout_seconds=5)) as client:
        meta = client.meta_client()
        eventually(lambda: len(registered(meta)) == 4, "marks of 4 partitions")


def registered(client: redis.Redis) -> list[bytes]:
    names = cast("list[bytes]", client.hkeys(META.decode()))
    return [name for name in names if name.startswith(b"marks:")]
