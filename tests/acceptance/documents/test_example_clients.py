"""The example clients of clients/ against real servers on a real store."""

import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from tests.acceptance.documents.example_clients import ExampleClient
from tests.support.kafka.refined_topic import recent_posts
from tests.support.network.loopback_dns import LoopbackDns
from tests.support.network.tcp_balancer import TcpBalancer
from tests.support.processes.thunder import Role, Thunder
from tests.support.programs.installed import Progress, Unavailable
from tests.support.redis.filled_store import fill_store
from tests.support.redis.servers import RedisServer
from tests.support.unused import free_port
from tests.support.wait import eventually

pytestmark = pytest.mark.everything  # Go and Node compile two of the clients

AUTHOR, SILENT_AUTHOR = 7, 8
FIRST, LAST = 10**18, 10**18 + 99
REQUEST = GetInNetworkPostsRequest(following_user_ids=[AUTHOR], max_results=100)
DEADLINE_SECONDS = 2
START_SECONDS = 8
"""For the language to start, on a busy machine."""


class Shown(NamedTuple):
    """Output of a client, and its exit code."""

    exit_code: int
    output: str
    error: str


@pytest.fixture(scope="module", params=["Python", "Go", "Node"])
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, progress: Progress
) -> ExampleClient:
    try:
        return ExampleClient(request.param, tmp_path_factory.mktemp(request.param), progress)
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture
def filled_url(redis_url: str) -> str:
    fill_store(redis_url, recent_posts(FIRST, LAST, AUTHOR))
    return redis_url


def started(thunder: Thunder, url: str, *flags: str) -> Role:
    role = thunder.start("serve", "--redis-url", url, *flags)
    role.wait_until_ready()
    return role


def shown(client: subprocess.Popen[str]) -> Shown:
    output, error = client.communicate(timeout=DEADLINE_SECONDS + START_SECONDS)
    return Shown(client.returncode, output, error)


def test_shows_the_posts(client: ExampleClient, thunder: Thunder, filled_url: str) -> None:
    role = started(thunder, filled_url)
    expected = [f"post {post.post_id} of author {AUTHOR}" for post in role.ask(REQUEST).posts]
    ended = shown(client.start(f"dns:///localhost:{role.grpc_port}", [AUTHOR, SILENT_AUTHOR]))
    assert (ended.exit_code, ended.error) == (0, "")
    assert ended.output.splitlines() == [*expected, f"{len(expected)} posts"]


def test_connects_to_every_address_of_the_name(client: ExampleClient, thunder: Thunder, filled_url: str) -> None:
    role = started(thunder, filled_url)
    with (
        socket.create_server(("127.0.0.2", role.grpc_port)) as other,
        LoopbackDns(["127.0.0.1", "127.0.0.2"]) as dns,
    ):
        assert shown(client.start(dns.target(role.grpc_port), [AUTHOR])).exit_code == 0
        other.settimeout(5)
        other.accept()[0].close()


def test_comes_back_when_the_server_says(client: ExampleClient, thunder: Thunder, filled_url: str) -> None:
    role = started(thunder, filled_url, "--qps-limit", "1")
    with LoopbackDns(["127.0.0.1"]) as dns:
        dns.hold()
        asking = client.start(dns.target(role.grpc_port), [AUTHOR])
        assert dns.asked.wait(START_SECONDS)
        role.ask(REQUEST)  # takes this second's only request
        dns.let_go()
        ended = shown(asking)
    assert (ended.exit_code, ended.error) == (0, "")
    assert role.metrics().value("rejected_requests_total") == 1


def test_says_that_the_server_stayed_overloaded(
    client: ExampleClient, thunder: Thunder, filled_url: str, redis_server: RedisServer
) -> None:
    role = started(thunder, filled_url, "--max-concurrent-requests", "1", "--redis-timeout-ms", "60000")
    with ThreadPoolExecutor() as pool:
        with redis_server.frozen():
            busy = pool.submit(role.ask, REQUEST, timeout=60)
            eventually(lambda: role.metrics().value("in_flight_requests") == 1, "the server is busy")
            ended = shown(client.start(f"dns:///localhost:{role.grpc_port}", [AUTHOR]))
        busy.result(30)
    assert (ended.exit_code, ended.output) == (1, "")
    assert "Server at capacity, please retry" in ended.error
    assert role.metrics().value("rejected_requests_total") == 5


def test_an_absent_server_is_reported(client: ExampleClient) -> None:
    ended = shown(client.start(f"dns:///localhost:{free_port()}", [AUTHOR]))
    assert (ended.exit_code, ended.output) == (1, "")
    assert "unavailable" in ended.error.lower()
    assert "refused" in ended.error.lower()


def test_takes_compressed_answers(client: ExampleClient, thunder: Thunder, filled_url: str) -> None:
    role = started(thunder, filled_url)
    plain = role.ask(REQUEST).ByteSize()
    with TcpBalancer([role.grpc_port]) as between:
        assert shown(client.start(between.address, [AUTHOR])).exit_code == 0
        assert between.received < plain


def test_locks_name_no_host() -> None:
    lock = Path(__file__).parents[3] / "clients" / "node" / "package-lock.json"
    assert "resolved" not in lock.read_text()
