"""Redis over TLS with a certificate and a password of ours: every connection of both sides, and what refuses them."""

from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple

import grpc
import pytest

from common.clock import system_clock
from common.errors import StoreUnavailable
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from common.settings import IngestSettings
from ingest.store import PostStore
from tests.support.certificates import Authority, Issued
from tests.support.child import Child
from tests.support.free_ports import free_port
from tests.support.programs import Progress
from tests.support.refined_topic import recent_posts
from tests.support.rpc import get_in_network_posts
from tests.support.serve_thread import ServeThread
from thunder.embedded.redis_server import SETTINGS, redis_binary

PASSWORD = "s3cret"


class TlsRedis(NamedTuple):
    """A server that answers only who has a certificate of the authority and the password."""

    port: int
    authority: Authority
    ours: Issued

    def settings(self, **changed: str | None) -> dict[str, str | None]:
        return {
            "redis_url": f"rediss://:{PASSWORD}@localhost:{self.port}",
            "redis_tls_ca": str(self.authority.ca),
            "redis_tls_certificate": str(self.ours.certificate),
            "redis_tls_key": str(self.ours.key),
            **changed,
        }


@pytest.fixture
def server(tmp_path: Path, progress: Progress) -> Generator[TlsRedis]:
    authority, port = Authority(tmp_path, progress), free_port()
    issued = authority.issue("redis")
    settings = SETTINGS | {
        "port": "0",
        "tls-port": str(port),
        "tls-cert-file": str(issued.certificate),
        "tls-key-file": str(issued.key),
        "tls-ca-cert-file": str(authority.ca),
        "requirepass": PASSWORD,
        "dir": str(tmp_path),
    }
    child = Child(
        [redis_binary(), *(word for name, value in settings.items() for word in (f"--{name}", value))],
        tmp_path / "redis.log",
    )
    child.wait_for_output("Ready to accept connections")
    yield TlsRedis(port, authority, authority.issue("thunder"))
    child.kill()


def test_posts_go_in_and_timelines_come_out(server: TlsRedis) -> None:
    store = PostStore(IngestSettings.model_validate({"kafka_group_id": "g", **server.settings()}))
    store.open()
    posts = recent_posts(1, 5, author_id=7)
    store.writer().write(posts, now=max(post.created_at for post in posts) + 60)
    serving = ServeThread(system_clock, follow_store=True, **server.settings())
    try:
        address = serving.start()
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
def test_who_is_not_trusted_or_does_not_trust_is_told_why(
    server: TlsRedis, changed: dict[str, str | None], reason: str
) -> None:
    here = {name: value and value.format(port=server.port) for name, value in changed.items()}
    settings = IngestSettings.model_validate({"kafka_group_id": "g", **server.settings(**here)})
    with pytest.raises(StoreUnavailable, match=reason):
        PostStore(settings).open()


def test_a_server_with_a_wrong_password_is_not_ready_and_does_not_answer(server: TlsRedis) -> None:
    serving = ServeThread(system_clock, **server.settings(redis_url=f"rediss://:wrong@localhost:{server.port}"))
    try:
        with pytest.raises(grpc.RpcError) as refused:
            get_in_network_posts(serving.start(), GetInNetworkPostsRequest(following_user_ids=[7]))
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        assert "invalid" in (serving.state.not_ready() or "")
        assert PASSWORD not in (serving.state.not_ready() or "")
    finally:
        serving.end()
