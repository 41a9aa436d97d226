"""Redis over TLS with a certificate and a password of ours: every connection of both sides, and what refuses them."""

import asyncio
from collections.abc import Callable, Generator
from pathlib import Path

import grpc
import pytest

from common.errors import StoreUnavailable
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from common.settings.ingest import IngestSettings
from common.settings.redis import RedisSettings
from common.store.address import parse_address
from common.store.keys import KeySpace
from common.timing import system_clock
from ingest.post_row import create_row
from ingest.write.store import Store
from serve.store.connection import connect
from serve.store.follow_store import RedisFollows
from serve.store.nodes import NodeConnections
from tests.integration.security.tls_redis import PASSWORD, TlsRedis, tls_redis
from tests.support.kafka.refined_topic import recent_posts
from tests.support.network.certificates import Authority, Issued
from tests.support.programs.installed import Progress
from tests.support.redis.shown_store import ShownStore
from tests.support.serving.rpc import get_in_network_posts
from tests.support.serving.serve_thread import ServeThread
from tests.support.wait import eventually

BAD_CERTIFICATES = {
    "expired": "certificate has expired",
    "elsewhere": "certificate is not valid for 'localhost'",
    "stranger": "unable to get local issuer certificate",
}


@pytest.fixture
def authority(tmp_path: Path, progress: Progress) -> Authority:
    return Authority(tmp_path, progress)


@pytest.fixture
def server(tmp_path: Path, authority: Authority) -> Generator[TlsRedis]:
    with tls_redis(tmp_path, authority, authority.issue("redis")) as server:
        yield server


def issue_bad(flaw: str, authority: Authority, directory: Path, progress: Progress) -> Issued:
    match flaw:
        case "expired":
            return authority.issue("redis", days=-1)
        case "elsewhere":
            return authority.issue("redis", "DNS:elsewhere.example")
        case _:
            directory.mkdir()
            return Authority(directory, progress).issue("redis")


def test_posts_go_in_and_timelines_come_out(server: TlsRedis) -> None:
    settings = IngestSettings.model_validate({"kafka_group_id": "g", **server.settings()})
    store = Store(settings)
    store.open()
    ShownStore(settings.redis_address)
    posts = recent_posts(1, 5, author_id=7)
    rows = [create_row(post) for post in posts]
    store.post_writer(store.connect()).write(rows, now=max(post.created_at for post in posts) + 60)
    serving = ServeThread(system_clock, follow_store=True, **server.settings())
    try:
        address = serving.start()
        eventually(lambda: serving.state.not_ready() is None, "serving is ready")
        answer = get_in_network_posts(address, GetInNetworkPostsRequest(following_user_ids=[7]))
        assert {post.post_id for post in answer.posts} == {1, 2, 3, 4, 5}
        assert not get_in_network_posts(address, GetInNetworkPostsRequest(user_id=3)).posts
    finally:
        serving.end()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"redis_tls_ca": None}, "certificate verify failed"),
        ({"redis_url": "rediss://:wrong@localhost:{port}"}, "invalid username-password pair"),
        ({"redis_url": "rediss://localhost:{port}"}, "Authentication required"),
        ({"redis_tls_certificate": None, "redis_tls_key": None}, "Redis does not answer"),
        ({"redis_tls_ca": "/nowhere/ca.pem"}, "No such file"),
    ],
    ids=["unknown authority", "wrong password", "no password", "no certificate", "no such file"],
)
def test_failed_open_says_why(server: TlsRedis, changed: dict[str, str | None], reason: str) -> None:
    here = {name: value and value.format(port=server.port) for name, value in changed.items()}
    settings = IngestSettings.model_validate({"kafka_group_id": "g", **server.settings(**here)})
    # Not always at once: redis-py may take a late session ticket of TLS for an answer, and connect again.
    eventually(lambda: reason in refusal_of(settings), reason)


def refusal_of(settings: IngestSettings) -> str:
    """The reason why a store is not opened."""
    with pytest.raises(StoreUnavailable) as refused:
        Store(settings).open()
    return str(refused.value)


def test_server_with_a_wrong_password_does_not_answer(server: TlsRedis) -> None:
    settings = server.settings(redis_url=f"rediss://:wrong@localhost:{server.port}")
    assert_not_served(settings, "invalid username-password pair")


def assert_not_served(settings: dict[str, str | None], reason: str) -> None:
    serving = ServeThread(system_clock, **settings)
    try:
        with pytest.raises(grpc.RpcError) as refused:
            get_in_network_posts(serving.start(), GetInNetworkPostsRequest(following_user_ids=[7]))
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        eventually(lambda: reason in (serving.state.not_ready() or ""), reason)
        assert PASSWORD not in (serving.state.not_ready() or "")
    finally:
        serving.end()


def write(settings: dict[str, str | None]) -> None:
    Store(IngestSettings.model_validate({"kafka_group_id": "g", **settings})).open()


def read(settings: dict[str, str | None]) -> None:
    address = parse_address(RedisSettings.model_validate(settings).redis_address)

    async def open_and_close() -> None:
        (await connect(address, address.hosts[0], timeout=5)).close()
        await asyncio.sleep(0)

    asyncio.run(open_and_close())


def look_up_follows(settings: dict[str, str | None]) -> None:
    connections = NodeConnections(RedisSettings.model_validate(settings).redis_address, buckets=1, timeout_seconds=5)

    async def look_up() -> None:
        try:
            await RedisFollows(connections, KeySpace(buckets=1)).following(1, 10)
        finally:
            connections.close()
            await asyncio.sleep(0)  # the transport is closed by the next step of the loop

    asyncio.run(look_up())


@pytest.mark.parametrize("use", [write, read, look_up_follows])
def test_the_first_call_without_a_password_succeeds(
    tmp_path: Path, authority: Authority, use: Callable[[dict[str, str | None]], None]
) -> None:
    with tls_redis(tmp_path, authority, authority.issue("redis"), password=None) as server:
        for _ in range(10):  # the session tickets of TLS 1.3 come at any time after the handshake
            use(server.settings())


@pytest.mark.parametrize("use", [write, read, look_up_follows])
@pytest.mark.parametrize("flaw", BAD_CERTIFICATES)
def test_a_redis_with_a_bad_certificate_is_not_trusted(
    tmp_path: Path, authority: Authority, progress: Progress, flaw: str, use: Callable[[dict[str, str | None]], None]
) -> None:
    bad = issue_bad(flaw, authority, tmp_path / "others", progress)
    with tls_redis(tmp_path, authority, bad) as server, pytest.raises(StoreUnavailable, match=BAD_CERTIFICATES[flaw]):
        use(server.settings())


def test_server_refuses_a_bad_certificate_of_redis(tmp_path: Path, authority: Authority) -> None:
    with tls_redis(tmp_path, authority, authority.issue("redis", days=-1)) as server:
        assert_not_served(server.settings(), "certificate has expired")
