"""The role `serve` on a real Redis, ready only when ingest has filled it."""

import time
from collections.abc import Generator
from contextlib import closing, suppress

import grpc
import pytest
import redis
from grpc_health.v1.health_pb2 import HealthCheckResponse

from common.errors import ConfigurationError, StoreMismatch
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from common.store.catch_up import report_caught_up
from common.store.client import StoreClient
from common.store.keys import KeySpace
from common.store.layout import initialise_layout
from serve.rpc.server import SERVICE
from tests.support.in_loop import in_loop
from tests.support.serving.grpc_health import check_health
from tests.support.serving.rpc import get_in_network_posts
from tests.support.serving.serve_thread import ServeThread
from tests.support.wait import eventually

TOPIC = "innetwork_post"
REQUEST = GetInNetworkPostsRequest(user_id=1, following_user_ids=[20])


def fill(client: redis.Redis) -> None:
    """Do as ingest when it starts on an empty topic of one partition."""
    layout = initialise_layout(client, KeySpace(), 172_800)
    report_caught_up(client, TOPIC, 0, 1, layout.lineage, 3600)


@pytest.fixture
def client(redis_url: str) -> Generator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def served(redis_url: str) -> Generator[ServeThread]:
    served = ServeThread(redis_url=redis_url)
    yield served
    served.end()


def wait_until_ready(served: ServeThread) -> None:
    eventually(lambda: served.state.not_ready() is None, "serving is ready", timeout=30)


def wait_for_reason(served: ServeThread, words: str) -> None:
    eventually(lambda: words in (served.state.not_ready() or ""), f"not ready: {words}", timeout=30)


def test_ready_only_after_ingest_caught_up(
    served: ServeThread, client: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "thunder.serve")
    served.start()
    wait_for_reason(served, "ingest worker")
    initialise_layout(client, KeySpace(), 172_800)
    wait_for_reason(served, "to read its topic")
    assert "HTTP/gRPC server is ready" not in caplog.text
    fill(client)
    wait_until_ready(served)
    assert "HTTP/gRPC server is ready" in caplog.text
    assert (served.registry.get_sample_value("init_duration_seconds") or 0) > 0


def test_answers_from_the_store(served: ServeThread, client: redis.Redis) -> None:
    fill(client)
    address = served.start()
    wait_until_ready(served)
    assert get_in_network_posts(address, REQUEST) == GetInNetworkPostsResponse()


def refusal(address: str, request: GetInNetworkPostsRequest = REQUEST) -> str:
    """Text of the UNAVAILABLE that the request ends with, which says when to retry."""
    with pytest.raises(grpc.RpcError) as caught:
        get_in_network_posts(address, request)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    trailers = {entry.key: entry.value for entry in caught.value.trailing_metadata()}
    assert 500 <= int(trailers["grpc-retry-pushback-ms"]) < 1000
    assert "google.rpc.RetryInfo" in str(trailers["grpc-status-details-bin"])
    return caught.value.details() or ""


def is_answered(address: str, request: GetInNetworkPostsRequest) -> bool:
    with suppress(grpc.RpcError):
        return get_in_network_posts(address, request) == GetInNetworkPostsResponse()
    return False


def test_before_readiness_calls_are_unavailable(served: ServeThread, client: redis.Redis) -> None:
    address = served.start()
    wait_for_reason(served, "ingest worker")
    assert refusal(address) == "The store is being filled, please retry"
    fill(client)
    wait_until_ready(served)
    assert get_in_network_posts(address, REQUEST) == GetInNetworkPostsResponse()


def test_the_first_call_after_a_loss_is_unavailable(store_url: str) -> None:
    served = ServeThread(redis_url=store_url, follow_store=True)
    with closing(StoreClient(store_url, KeySpace().buckets, 5)) as store:
        fill(store.meta_client())
        address = served.start()
        for _ in range(2):
            for request in (REQUEST, GetInNetworkPostsRequest(user_id=1)):
                eventually(lambda request=request: is_answered(address, request), "the store is open")
                for node in store.node_clients():
                    node.flushall()
                assert refusal(address, request) == "The store is being filled, please retry"
                initialise_layout(store.meta_client(), KeySpace(), 172_800)
                assert refusal(address, request) == "The store is being filled, please retry"
                fill(store.meta_client())
    served.end()


def test_not_ready_while_the_store_is_refilled(served: ServeThread, client: redis.Redis) -> None:
    fill(client)
    address = served.start()
    wait_until_ready(served)

    @in_loop
    async def health_is(status: int) -> None:
        async with grpc.aio.insecure_channel(address) as channel:
            assert await check_health(channel, SERVICE) == status
            assert await check_health(channel, "") == HealthCheckResponse.SERVING

    health_is(HealthCheckResponse.SERVING)
    client.flushdb()
    wait_for_reason(served, "ingest worker")
    health_is(HealthCheckResponse.NOT_SERVING)
    fill(client)
    wait_until_ready(served)


def test_a_store_laid_out_for_other_settings_ends_the_process(redis_url: str, client: redis.Redis) -> None:
    initialise_layout(client, KeySpace(buckets=64), 172_800)
    served = ServeThread(redis_url=redis_url)
    served.start()
    eventually(lambda: served.died_of, "serving ends")
    assert isinstance(served.died_of, StoreMismatch)
    assert "author_buckets" in str(served.died_of)
    served.end()


def test_a_taken_port_is_a_configuration_error(served: ServeThread, redis_url: str) -> None:
    _, port = served.start().split(":")
    second = ServeThread(redis_url=redis_url, grpc_port=int(port))
    with pytest.raises(ConfigurationError, match=port):
        second.start()
    second.end()


def test_a_silent_redis_leaves_the_server_alive_and_unavailable(redis_url: str) -> None:
    served = ServeThread(redis_url="redis://127.0.0.1:1", redis_timeout_ms=200)
    address = served.start()
    wait_for_reason(served, "Redis")
    with pytest.raises(grpc.RpcError) as caught:
        get_in_network_posts(address, REQUEST)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    served.end()
    assert served.died_of is None


@pytest.mark.parametrize(("ahead", "words"), [(3600, "ahead of Redis's"), (-3600, "behind Redis's")])
def test_not_ready_while_the_clock_is_wrong(
    redis_url: str, client: redis.Redis, ahead: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    offsets = [0]
    fill(client)
    served = ServeThread(lambda: int(time.time()) + offsets[-1], redis_url=redis_url)
    address = served.start()
    wait_until_ready(served)
    offsets.append(ahead)
    wait_for_reason(served, f"this machine's clock is more than 60 s {words}")
    assert served.registry.get_sample_value("serve_clock_disagrees") == 1
    with pytest.raises(grpc.RpcError) as caught:
        get_in_network_posts(address, REQUEST)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    offsets.append(0)
    wait_until_ready(served)
    assert served.registry.get_sample_value("serve_clock_disagrees") == 0
    assert get_in_network_posts(address, REQUEST) == GetInNetworkPostsResponse()
    assert caplog.text.count("Not ready: this machine's clock") == 1
    served.end()


def test_stopped_means_not_ready(redis_url: str, client: redis.Redis) -> None:
    fill(client)
    served = ServeThread(redis_url=redis_url)
    address = served.start()
    wait_until_ready(served)
    served.end()
    assert served.state.not_ready() == "serving is stopping"
    assert served.died_of is None
    with pytest.raises(grpc.RpcError) as caught:
        get_in_network_posts(address, REQUEST, timeout=2)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
