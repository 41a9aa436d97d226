"""A password of Redis that is revoked while a role runs, and given back: nothing is lost or answered wrongly."""

from collections.abc import Generator
from contextlib import contextmanager

import grpc
import pytest

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.refined_topic import recent_posts
from tests.support.processes.ingest_workers import AUTHOR, IngestWorkers, posts
from tests.support.processes.thunder import Role, Thunder
from tests.support.redis.shown_store import ShownStore
from tests.support.redis.stored_posts import stored_ids
from tests.support.redis.users import ADMINISTRATOR, INGEST, SERVE, StoreWithUsers
from tests.support.wait import eventually

ASK = GetInNetworkPostsRequest(following_user_ids=[AUTHOR])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Generator[StoreWithUsers]:
    store = StoreWithUsers(tmp_path_factory.mktemp("redis"), cluster=False)
    yield store
    store.kill()


@contextmanager
def revoked(store: StoreWithUsers, user: str) -> Generator[None]:
    """Meanwhile the user is not let in, and was thrown out."""
    [node] = store.nodes
    node.command("ACL SETUSER", user, "resetpass")
    node.command("CLIENT KILL", "USER", user)
    yield
    node.command("ACL SETUSER", user, f">{store.password(user)}")


def test_server_is_not_ready_until_the_password_is_back(thunder: Thunder, store: StoreWithUsers) -> None:
    store.reset()
    ShownStore(store.url(ADMINISTRATOR)).write(*recent_posts(1, 3, AUTHOR))
    role = thunder.start("serve", "--redis-url", store.url(SERVE))
    role.wait_until_ready()
    assert len(role.ask(ASK).posts) == 3
    with revoked(store, SERVE):
        eventually(lambda: role.status("/readyz") == 503, "the server is not ready")
        assert code_of(role) is grpc.StatusCode.UNAVAILABLE
    eventually(lambda: role.status("/readyz") == 200, "the server is ready again")
    assert len(role.ask(ASK).posts) == 3
    assert "invalid username-password pair" in role.output()
    assert store.password(SERVE) not in role.output()


def test_worker_drops_nothing_until_the_password_is_back(
    thunder: Thunder, kafka: KafkaBroker, store: StoreWithUsers
) -> None:
    store.reset()
    workers = IngestWorkers(thunder, kafka, store.url(INGEST), partitions=1)
    role = workers.ready("--auto-offset-reset", "smallest")
    workers.produce(*posts(1, 3))
    eventually(lambda: workers.committed == 3, "the first posts are stored")
    with revoked(store, INGEST):
        workers.produce(*posts(4, 6))
        role.wait_for_output("Paused, holding a batch.*invalid username-password pair")
        assert role.metrics().value("ingest_held_batches") == 1
        assert workers.committed == 3
    eventually(lambda: workers.committed == 6, "the other posts are stored")
    assert sorted(stored_ids(store.url(ADMINISTRATOR), AUTHOR)) == [1, 2, 3, 4, 5, 6]
    assert role.terminate() == 0
    assert store.password(INGEST) not in role.output()


def code_of(role: Role) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as refused:
        role.ask(ASK)
    return refused.value.code()
