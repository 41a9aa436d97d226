"""Replacing servers under load costs clients that retry nothing, with or without a balancer in between."""

from collections.abc import Callable

import pytest

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from tests.acceptance.shipped_client import load_on
from tests.support.kafka.refined_topic import recent_posts
from tests.support.network.loopback_dns import LoopbackDns
from tests.support.network.tcp_balancer import TcpBalancer
from tests.support.processes.thunder import Role, Thunder
from tests.support.redis.filled_store import fill_store
from tests.support.unused import free_port
from tests.support.wait import eventually

pytestmark = pytest.mark.everything  # a minute of load

REQUEST = GetInNetworkPostsRequest(following_user_ids=[7])
MANY_CALLS = 500
"""Calls that a server has answered before the next one is replaced."""

StartServer = Callable[..., Role]


@pytest.fixture
def start_server(thunder: Thunder, redis_url: str) -> StartServer:
    fill_store(redis_url, recent_posts(1, 20))

    def start(*flags: str) -> Role:
        role = thunder.start("serve", "--redis-url", redis_url, *flags)
        role.wait_until_ready()
        return role

    return start


def wait_for_calls(role: Role) -> None:
    def answered() -> bool:
        return role.metrics().value("get_in_network_posts_count_count") > MANY_CALLS

    eventually(answered, f"{MANY_CALLS} calls of {role.name}")


def test_behind_round_robin(start_server: StartServer) -> None:
    port = str(free_port())
    hosts = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    servers = {host: start_server("--grpc-host", host, "--grpc-port", port) for host in hosts}
    with LoopbackDns(hosts) as dns, load_on(dns.target(int(port)), REQUEST) as calls:
        for host, server in servers.items():
            wait_for_calls(server)
            assert server.terminate() == 0
            wait_for_calls(start_server("--grpc-host", host, "--grpc-port", port))
    assert calls.failed == {}


def test_behind_round_robin_when_successors_have_other_addresses(start_server: StartServer) -> None:
    port = str(free_port())
    hosts = [f"127.0.0.{number}" for number in range(1, 7)]
    servers = [start_server("--grpc-host", host, "--grpc-port", port) for host in hosts[:3]]
    with LoopbackDns(hosts[:3]) as dns, load_on(dns.target(int(port)), REQUEST) as calls:
        for replaced, leaving in enumerate(servers):
            wait_for_calls(leaving)
            successor = start_server("--grpc-host", hosts[replaced + 3], "--grpc-port", port)
            dns.addresses = hosts[replaced + 1 : replaced + 4]
            assert leaving.terminate() == 0
            wait_for_calls(successor)  # its clients have resolved the name again, which they do every 5 s at most
    assert calls.failed == {}


def test_behind_a_balancer_of_connections_that_must_not_grow_old(start_server: StartServer) -> None:
    servers = [start_server("--max-connection-age-seconds", "1") for _ in range(3)]
    with TcpBalancer([server.grpc_port for server in servers]) as balancer, load_on(balancer.address, REQUEST) as calls:
        for _ in range(len(servers)):
            leaving = servers.pop(0)
            wait_for_calls(leaving)
            servers.append(start_server("--max-connection-age-seconds", "1"))
            balancer.ports = [server.grpc_port for server in servers]
            assert leaving.terminate() == 0
        for server in servers:
            wait_for_calls(server)
    assert calls.failed == {}
