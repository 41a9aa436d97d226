"""`thunder serve` as a process: its ports, its log, its signals, its exit codes."""

import json
import signal
import threading
from collections.abc import Generator

import grpc
import pytest
import redis

from common.catch_up import report_caught_up
from common.keys import KeySpace
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from common.store_layout import lay_out
from tests.support.processes import Role, Thunder
from tests.support.rpc import METHOD
from tests.support.wait import eventually

REQUEST = GetInNetworkPostsRequest(user_id=1, following_user_ids=[20])

RETRYING_CLIENT = """{
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [{
        "name": [{}],
        "retryPolicy": {
            "maxAttempts": 5, "initialBackoff": "0.05s", "maxBackoff": "0.5s", "backoffMultiplier": 2,
            "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"]
        }
    }]
}"""


@pytest.fixture
def filled_url(redis_url: str) -> Generator[str]:
    with redis.Redis.from_url(redis_url) as client:
        layout = lay_out(client, KeySpace(), 172_800)
        report_caught_up(client, "innetwork_post", 0, 1, layout.lineage, 3600)
        yield redis_url


def started(thunder: Thunder, url: str, *flags: str) -> Role:
    role = thunder.start("serve", "--redis-url", url, "--grpc-host", "127.0.0.1", *flags)
    role.wait_until_ready()
    return role


def answered(role: Role) -> float:
    return role.metrics().value("get_in_network_posts_count_count")


def test_ready_answers_and_stops_when_asked(thunder: Thunder, filled_url: str) -> None:
    role = started(thunder, filled_url)
    assert role.wait_for_output("INFO thunder.serve: HTTP/gRPC server is ready")
    assert role.ask(REQUEST) == GetInNetworkPostsResponse()
    assert role.status("/healthz") == 200
    assert answered(role) == 1
    assert role.terminate() == 0


def test_an_interrupt_stops_as_well(thunder: Thunder, filled_url: str) -> None:
    role = started(thunder, filled_url, "--log-format", "json")
    role.send(signal.SIGINT)
    assert role.wait() == 0
    assert all(json.loads(line) for line in role.output().splitlines())


def test_a_store_of_other_settings_is_refused_with_the_reason(thunder: Thunder, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        lay_out(client, KeySpace(buckets=64), 172_800)
    role = thunder.start("serve", "--redis-url", redis_url)
    role.wait_for_output("laid out with 64 buckets, author_buckets is 256")
    assert role.wait() == 3


def test_a_rolling_restart_costs_a_retrying_client_nothing(thunder: Thunder, filled_url: str) -> None:
    roles = [started(thunder, filled_url) for _ in range(2)]
    addresses = "ipv4:" + ",".join(f"127.0.0.1:{role.grpc_port}" for role in roles)
    options = [("grpc.service_config", RETRYING_CLIENT)]
    failures: list[grpc.RpcError] = []
    stop = threading.Event()

    def keep_asking(channel: grpc.Channel) -> None:
        ask = channel.unary_unary(
            METHOD, GetInNetworkPostsRequest.SerializeToString, GetInNetworkPostsResponse.FromString
        )
        while not stop.is_set():
            try:
                ask(REQUEST, timeout=10)
            except grpc.RpcError as error:
                failures.append(error)

    with grpc.insecure_channel(addresses, options) as channel:
        clients = [threading.Thread(target=keep_asking, args=(channel,)) for _ in range(4)]
        for client in clients:
            client.start()
        for role in roles:
            assert role.terminate() == 0
            successor = started(thunder, filled_url, "--grpc-port", str(role.grpc_port))
            eventually(lambda role=successor: answered(role) > 10, "the client uses the new server")
        stop.set()
        for client in clients:
            client.join(20)
    assert failures == []
