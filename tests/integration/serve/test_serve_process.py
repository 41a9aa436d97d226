"""`thunder serve` as a process: its ports, its log, its signals, its exit codes."""

import json
import signal

import pytest
import redis

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from common.store.keys import KeySpace
from common.store.layout import initialise_layout
from tests.support.processes.thunder import Role, Thunder
from tests.support.redis.filled_store import fill_store

REQUEST = GetInNetworkPostsRequest(user_id=1, following_user_ids=[20])


@pytest.fixture
def filled_url(redis_url: str) -> str:
    fill_store(redis_url)
    return redis_url


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
        initialise_layout(client, KeySpace(buckets=64), 172_800)
    role = thunder.start("serve", "--redis-url", redis_url)
    role.wait_for_output("created with 64 buckets, author_buckets is 256")
    assert role.wait() == 3
