"""A Sentinel and the Redis that it names, over TLS alone, with certificates of a throw-away authority."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from common.errors import StoreUnavailable
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from common.settings.ingest import IngestSettings
from common.timing import system_clock
from ingest.post_row import create_row
from ingest.write.store import Store
from tests.integration.security.tls_redis import TlsRedis, tls_redis
from tests.support.kafka.refined_topic import recent_posts
from tests.support.network.certificates import Authority
from tests.support.processes.child import Child
from tests.support.programs.installed import Progress
from tests.support.redis.shown_store import ShownStore
from tests.support.serving.rpc import get_in_network_posts
from tests.support.serving.serve_thread import ServeThread
from tests.support.unused import free_port
from tests.support.wait import eventually
from thunder.embedded.redis_server import redis_binary

SERVICE, SENTINEL_PASSWORD = "thunder", "s3ntinel"


@contextmanager
def tls_sentinel(directory: Path, watched: TlsRedis) -> Generator[str]:
    """Watches the server as SERVICE; the URL of the store."""
    port, shown = free_port(), watched.authority.issue("sentinel")
    lines = [
        *("bind 127.0.0.1", "port 0", f"tls-port {port}", f"dir {directory}", f"requirepass {SENTINEL_PASSWORD}"),
        *(f"tls-cert-file {shown.certificate}", f"tls-key-file {shown.key}"),
        *(f"tls-ca-cert-file {watched.authority.ca}", "tls-replication yes", "sentinel resolve-hostnames yes"),
        *("sentinel announce-hostnames yes", f"sentinel monitor {SERVICE} localhost {watched.port} 1"),
        f"sentinel auth-pass {SERVICE} {watched.password}",
    ]
    configuration = directory / "sentinel.conf"
    configuration.write_text("\n".join(lines))
    child = Child([redis_binary(), configuration, "--sentinel"], directory / "sentinel.log")
    try:
        child.wait_for_output(r"\+monitor master ")
        yield (
            f"rediss+sentinel://:{watched.password}@localhost:{port}/{SERVICE}?sentinel_password={SENTINEL_PASSWORD}"
        )
    finally:
        child.kill()


@pytest.fixture
def server(tmp_path: Path, progress: Progress) -> Generator[TlsRedis]:
    authority = Authority(tmp_path, progress)
    with tls_redis(tmp_path, authority, authority.issue("redis")) as server:
        yield server


def test_posts_go_in_and_timelines_come_out(server: TlsRedis, tmp_path: Path) -> None:
    with tls_sentinel(tmp_path, server) as url:
        settings = IngestSettings.model_validate({"kafka_group_id": "g", **server.settings(redis_url=url)})
        store = Store(settings)
        store.open()
        ShownStore(settings.redis_address)
        posts = recent_posts(1, 5, author_id=7)
        rows = [create_row(post) for post in posts]
        store.post_writer(store.connect()).write(rows, now=max(post.created_at for post in posts) + 60)
        serving = ServeThread(system_clock, **server.settings(redis_url=url))
        try:
            address = serving.start()
            eventually(lambda: serving.state.not_ready() is None, "serving is ready")
            answer = get_in_network_posts(address, GetInNetworkPostsRequest(following_user_ids=[7]))
            assert {post.post_id for post in answer.posts} == {1, 2, 3, 4, 5}
        finally:
            serving.end()


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ("?sentinel_password=wrong", "password"),
        ("", "Authentication required"),
    ],
)
def test_a_wrong_password_of_the_sentinel_is_named(server: TlsRedis, tmp_path: Path, other: str, reason: str) -> None:
    with tls_sentinel(tmp_path, server) as url:
        wrong = IngestSettings.model_validate(
            {"kafka_group_id": "g", **server.settings(redis_url=url.partition("?")[0] + other)}
        )
        with pytest.raises(StoreUnavailable, match=reason):
            Store(wrong).open()
