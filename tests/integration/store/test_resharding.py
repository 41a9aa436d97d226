"""A fourth master joins a Redis Cluster and takes its share of the slots, while events and questions come in."""

import shlex
import time
from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import cast

import grpc
import pytest
from prometheus_client import CollectorRegistry
from redis.crc import key_slot

from common.errors import StoreUnavailable
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from common.post import LightPost
from common.settings.ingest import IngestSettings
from common.settings.serve import ServeSettings
from common.store.keys import META
from ingest.write.caught_up_reports import CaughtUp
from ingest.write.metrics import StoreMetrics
from ingest.write.store import Store, StoreReports
from serve.store.serving_store import ServingStore
from tests.support.in_loop import in_loop
from tests.support.kafka.broker import KafkaBroker
from tests.support.operations_guide import command
from tests.support.processes.ingest_workers import IngestWorkers
from tests.support.processes.thunder import Role, Thunder
from tests.support.redis.servers import RedisCluster
from tests.support.wait import eventually

OLD_AUTHORS = range(1000, 1200)
"""Their posts are there before."""
NEW_AUTHORS = range(2000, 4000)
"""They write meanwhile."""


@pytest.fixture
def cluster(tmp_path: Path) -> Generator[RedisCluster]:
    cluster = RedisCluster(tmp_path)
    yield cluster
    cluster.kill()


class Reader:
    """Asks for the old authors' posts again and again; no answer may hold anything else, or less without saying so."""

    def __init__(self, server: Role, expected: list[int]) -> None:
        self.outcomes: Counter[str] = Counter()
        self.wrong: list[list[int]] = []
        self._server = server
        self._expected = expected
        self._known = frozenset(expected)

    def read(self, ended: Event) -> None:
        while not ended.is_set():
            self.outcomes[self._ask()] += 1

    def _ask(self) -> str:
        try:
            answer = self._server.ask(GetInNetworkPostsRequest(following_user_ids=OLD_AUTHORS))
        except grpc.RpcError as error:
            return cast("grpc.Call", error).code().name
        found = [post.post_id for post in answer.posts]
        if found != (self._expected if not answer.partial else [id_ for id_ in self._expected if id_ in set(found)]):
            self.wrong.append(found)
        return "partial" if answer.partial else "whole"


def post_of(author: int, number: int) -> LightPost:
    now = int(time.time())
    return LightPost(author * 100_000 + number, author, now - 600 + author % 100)


def asked(server: Role, authors: range) -> list[int]:
    """Ids of the posts of these authors, in several requests; none while an answer is partial."""
    found: list[int] = []
    for start in range(0, len(authors), 200):
        request = GetInNetworkPostsRequest(following_user_ids=authors[start : start + 200], max_results=10_000)
        answer = server.ask(request)
        if answer.partial:
            return []
        found += (post.post_id for post in answer.posts)
    return found


def as_the_guide_says(cluster: RedisCluster, word: str) -> None:
    line = command(f"redis-cli --cluster {word}").replace("10.0.0.1:6379", f"127.0.0.1:{cluster.nodes[0].port}")
    cluster.manage(*shlex.split(line)[2:])


def ingest_settings(url: str) -> IngestSettings:
    return IngestSettings.model_validate({"redis_url": url, "kafka_group_id": "any"})


def test_nothing_is_lost_or_wrong_while_slots_move(cluster: RedisCluster, thunder: Thunder, kafka: KafkaBroker) -> None:
    ingest = IngestWorkers(thunder, kafka, cluster.url)
    old = [post_of(author, number) for author in OLD_AUTHORS for number in range(3)]
    ingest.produce(*old)
    worker = ingest.ready("--auto-offset-reset", "smallest")
    server = thunder.start("serve", "--redis-url", cluster.url)
    server.wait_until_ready()
    expected = asked(server, OLD_AUTHORS)
    assert sorted(expected) == sorted(post.post_id for post in old)
    reader, ended = Reader(server, expected), Event()

    def write() -> set[int]:
        written: list[LightPost] = []
        while not ended.is_set():
            more = [post_of(NEW_AUTHORS[at % len(NEW_AUTHORS)], at) for at in range(len(written), len(written) + 20)]
            ingest.produce(*more)
            written += more
        return {post.post_id for post in written}

    with ThreadPoolExecutor(2) as pool:
        reading, writing = pool.submit(reader.read, ended), pool.submit(write)
        try:
            fourth = cluster.add_node()
            as_the_guide_says(cluster, "rebalance")
            cluster.move_slot(key_slot(META), fourth)
        finally:
            ended.set()
        reading.result()
        written = writing.result()

    assert not reader.wrong
    assert set(reader.outcomes) <= {"whole", "partial", "UNAVAILABLE"}, reader.outcomes
    as_the_guide_says(cluster, "check")
    assert fourth.command("DBSIZE"), "the new node holds a share"
    eventually(lambda: set(asked(server, NEW_AUTHORS)) == written, "everything written meanwhile, and no more")
    eventually(lambda: asked(server, OLD_AUTHORS) == expected, "the old posts as before")
    eventually(lambda: server.status("/readyz") == 200, "the server is ready")
    assert (worker.exit_code, server.exit_code) == (None, None)
    cluster.assert_no_key_leaks()


@in_loop
async def test_a_server_finds_the_node_that_took_over_the_layout(
    redis_cluster: RedisCluster, redis_cluster_url: str
) -> None:
    filling = Store(ingest_settings(redis_cluster_url))
    filling.open()
    reports = StoreReports(filling, StoreMetrics(CollectorRegistry()))
    reports.report_caught_up(CaughtUp("innetwork_post", 0, filling.lineage, 1))
    store = ServingStore(ServeSettings.model_validate({"redis_url": redis_cluster_url}))
    try:
        assert (await store.status()).caught_up
        for node in redis_cluster.nodes:
            redis_cluster.move_slot(key_slot(META), node)
            assert (await store.status()).caught_up, "at once: servers would all be out of service"
    finally:
        store.close()


def test_a_worker_finds_the_node_that_took_over_the_layout(redis_cluster: RedisCluster, redis_cluster_url: str) -> None:
    store = Store(ingest_settings(redis_cluster_url))
    store.open()
    for node in redis_cluster.nodes:
        redis_cluster.move_slot(key_slot(META), node)
        with suppress(StoreUnavailable):
            store.check_lineage()
        store.check_lineage()
