"""Workers, servers and follows when Sentinel or an address leads to another server than before."""

import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import cast

import grpc
import pytest

from common.errors import ConfigurationError, StoreUnavailable
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from common.retention import Retention
from common.settings.ingest import IngestSettings
from common.store.client import StoreClient
from common.store.keys import KeySpace
from ingest.events import Follow
from ingest.write.follow_writer import FollowWriter
from ingest.write.store import Store
from tests.support.kafka.refined_topic import recent_posts
from tests.support.network.tcp_balancer import TcpBalancer
from tests.support.redis.event_writer import EventWriter
from tests.support.redis.filled_store import fill_store
from tests.support.redis.replicated import SERVICE, Pair, redis_pair, sentinel
from tests.support.redis.servers import RedisServer
from tests.support.serving.rpc import get_in_network_posts
from tests.support.serving.serve_thread import ServeThread
from tests.support.wait import eventually

AUTHOR, VIEWER, KEYS = 7, 3, KeySpace()


class Roles:
    """The writers of a worker and a serving process, over one URL. ids: of the posts in the last answer."""

    def __init__(self, url: str) -> None:
        self._store_client = StoreClient(url, KEYS.buckets, timeout_seconds=1)
        self._posts = EventWriter(self._store_client, KEYS, Retention(172_800))
        self._follows = FollowWriter(self._store_client, KEYS)
        self.serving = ServeThread(redis_url=url, redis_timeout_ms=1000, follow_store=True)
        self._address = self.serving.start()
        eventually(self.is_ready, "a server that is ready")
        assert self.write(1)
        assert self.answers() == {1}

    def is_ready(self) -> bool:
        return self.serving.state.not_ready() is None

    def write(self, post: int) -> bool:
        """Whether the post, and a follow of its author, are in the store. A worker repeats what is not."""
        now = int(time.time())
        try:
            self._posts.write(recent_posts(post, post, AUTHOR), now)
            self._follows.write([Follow(VIEWER, AUTHOR, post, now)], now)
        except StoreUnavailable:
            return False
        return True

    def answers(self) -> set[int]:
        """Posts by those whom the viewer follows; empty when the server is unavailable."""
        try:
            answer = get_in_network_posts(self._address, GetInNetworkPostsRequest(user_id=VIEWER))
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.UNAVAILABLE:
                return set()
            raise
        return {post.post_id for post in answer.posts}

    def end(self) -> None:
        self.serving.end()
        self._store_client.close()


@pytest.fixture
def pair(tmp_path: Path) -> Generator[Pair]:
    with redis_pair(tmp_path) as servers:
        fill_store(servers.first.url)
        yield servers


@pytest.fixture
def start() -> Generator[Callable[[str], Roles]]:
    started: list[Roles] = []

    def start(url: str) -> Roles:
        started.append(Roles(url))
        return started[-1]

    yield start
    for roles in started:
        roles.end()


@pytest.fixture
def balancer(pair: Pair) -> Generator[TcpBalancer]:
    with TcpBalancer([pair.first.port]) as balancer:
        yield balancer


def clients(server: RedisServer) -> int:
    """Connections beside that of the test."""
    return len(cast("bytes", server.command("CLIENT", "LIST", "TYPE", "normal")).splitlines()) - 1


def test_an_address_moves_to_the_promoted_replica(
    pair: Pair, balancer: TcpBalancer, start: Callable[[str], Roles]
) -> None:
    roles = start(f"redis://{balancer.address}")
    pair.wait_until_equal()
    pair.promote()
    balancer.ports = [pair.second.port]
    eventually(lambda: roles.write(2), "a write to the new master", timeout=5)
    eventually(lambda: roles.answers() == {1, 2}, "an answer with both posts", timeout=5)
    eventually(lambda: clients(pair.first) == 0, "no connection to the former master", timeout=10)
    assert roles.is_ready()


def test_an_address_leaves_a_master_that_does_not_know_it(
    pair: Pair, balancer: TcpBalancer, start: Callable[[str], Roles]
) -> None:
    roles = start(f"redis://{balancer.address}")
    pair.wait_until_equal()
    pair.second.command("REPLICAOF", "NO", "ONE")
    balancer.ports = [pair.second.port]
    fill_store(pair.second.url, recent_posts(2, 2, AUTHOR))
    eventually(lambda: roles.answers() == {1, 2}, "an answer of the new master", timeout=15)
    eventually(lambda: roles.write(3) and roles.answers() == {1, 2, 3}, "a write to the new master", timeout=15)
    eventually(lambda: clients(pair.first) == 0, "no connection to the former master", timeout=10)


def test_the_master_among_several_seeds_is_found(pair: Pair, start: Callable[[str], Roles]) -> None:
    roles = start(f"redis://127.0.0.1:{pair.second.port},127.0.0.1:{pair.first.port}")
    pair.wait_until_equal()
    pair.promote()
    eventually(lambda: roles.write(2), "a write to the new master", timeout=5)
    eventually(lambda: clients(pair.first) == 0, "no connection to the former master", timeout=10)
    assert roles.answers() == {1, 2}


def test_a_master_dies_under_load_and_sentinel_names_another(
    pair: Pair, start: Callable[[str], Roles], tmp_path: Path
) -> None:
    with sentinel(tmp_path, pair) as address:
        roles = start(f"redis+sentinel://127.0.0.1:1,{address}/{SERVICE}")
        pair.wait_until_equal()  # a replica that has not synchronised once is empty
        written, stopped = [1], threading.Event()

        def write() -> None:
            while not stopped.is_set():
                if roles.write(written[-1] + 1):
                    written.append(written[-1] + 1)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            eventually(lambda: len(written) > 20, "some writes")
            pair.first.kill()
            before = len(written)
            eventually(lambda: len(written) > before + 20, "writes to the new master", timeout=15)
            eventually(lambda: written[-1] - 20 in roles.answers(), "answers of the new master", timeout=5)
            eventually(roles.is_ready, "a server that is ready again", timeout=5)
        finally:
            stopped.set()
            writer.join(30)


def test_a_service_that_no_sentinel_watches_is_named(pair: Pair, tmp_path: Path) -> None:
    with sentinel(tmp_path, pair) as address:
        store_client = StoreClient(f"redis+sentinel://{address}/other", KEYS.buckets, timeout_seconds=1)
        with pytest.raises(StoreUnavailable, match="watches no service other"):
            store_client.meta_client()


def test_a_unix_socket_is_an_address(tmp_path: Path, start: Callable[[str], Roles]) -> None:
    server = RedisServer(tmp_path, {"unixsocket": str(tmp_path / "s")})
    try:
        fill_store(f"unix://{tmp_path}/s")
        assert start(f"unix://{tmp_path}/s").answers() == {1}
    finally:
        server.kill()


def test_a_database_is_selected_by_every_client(redis_url: str, start: Callable[[str], Roles]) -> None:
    fill_store(f"{redis_url}/5")
    assert start(f"{redis_url}/5").answers() == {1}


def test_a_database_of_a_cluster_is_refused(redis_cluster_url: str) -> None:
    url = f"{redis_cluster_url}/1"
    serving = ServeThread(redis_url=url)
    serving.start()
    eventually(lambda: serving.died_of, "the end of serving")
    assert str(serving.died_of) == "redis_url: option db: a Redis Cluster has database 0 only"
    with pytest.raises(ConfigurationError, match="option db"):
        Store(IngestSettings.model_validate({"kafka_group_id": "g", "redis_url": url})).open()
