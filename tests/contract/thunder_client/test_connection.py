"""Encryption, tokens and forks: servers of gRPC's own that keep the metadata of calls."""

import subprocess
import sys
import textwrap
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.contract.thunder_client.either_client import Connect
from tests.support.network.certificates import Authority, Issued
from tests.support.programs.installed import Progress
from thunder_client import ClientTls, UnavailableError
from thunder_client.messages import GetInNetworkPostsRequest, GetInNetworkPostsResponse

Start = Callable[..., str]


class Calls:
    """Metadata of the calls so far."""

    def __init__(self) -> None:
        self.metadata: list[dict[str, str | bytes]] = []

    def answer(self, request: GetInNetworkPostsRequest, context: grpc.ServicerContext) -> GetInNetworkPostsResponse:
        self.metadata.append({key: value for key, value in context.invocation_metadata() if key != "user-agent"})
        return GetInNetworkPostsResponse(has_more=True)


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def start(calls: Calls) -> Generator[Start]:
    """Start a server; its target."""
    server = grpc.server(ThreadPoolExecutor(2))
    handler: grpc.RpcMethodHandler[Any, Any] = grpc.unary_unary_rpc_method_handler(
        calls.answer, GetInNetworkPostsRequest.FromString, GetInNetworkPostsResponse.SerializeToString
    )
    service = "thunder.v1.InNetworkPostsService"
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"GetInNetworkPosts": handler}),))

    def started(credentials: grpc.ServerCredentials | None = None) -> str:
        address = "127.0.0.1:0"
        port = server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
        server.start()
        return f"localhost:{port}"

    yield started
    server.stop(None).wait()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory, progress: Progress) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), progress)


@pytest.fixture(scope="module")
def issued(authority: Authority) -> Issued:
    return authority.issue("server")


def test_tls_with_a_certificate_of_the_client(
    start: Start, connect: Connect, authority: Authority, issued: Issued
) -> None:
    pair = (issued.key.read_bytes(), issued.certificate.read_bytes())
    target = start(grpc.ssl_server_credentials([pair], authority.ca.read_bytes(), require_client_auth=True))
    own = authority.issue("client")
    assert connect(target, tls=ClientTls(authority.ca, own.certificate, own.key)).timeline().has_more
    with pytest.raises(UnavailableError):
        connect(target, tls=ClientTls(authority.ca)).timeline(timeout=10)


def test_a_missing_file_is_an_error(connect: Connect, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        connect("localhost:1", tls=ClientTls(tmp_path / "ca.pem")).timeline()


def test_a_token_goes_with_each_call(start: Start, connect: Connect, calls: Calls) -> None:
    tokens = iter(("one", "two"))
    client = connect(start(), token=lambda: next(tokens))
    client.timeline()
    client.timeline()
    assert [each["authorization"] for each in calls.metadata] == ["Bearer one", "Bearer two"]


def test_a_fixed_token_and_compression(start: Start, connect: Connect, calls: Calls) -> None:
    connect(start(), token="secret", gzip=True).timeline()
    assert calls.metadata[0]["authorization"] == "Bearer secret"
    assert "gzip" in str(calls.metadata[0]["accept-encoding"])


def test_a_default_client_sends_no_token(start: Start, connect: Connect, calls: Calls) -> None:
    connect(start()).timeline()
    assert not {"authorization", "accept-encoding"} & calls.metadata[0].keys()


FORK = """
import asyncio, os, sys
from thunder_client import AsyncThunderClient, ForkedClientError, ThunderClient

def main(make, ask):
    client = make({target!r})
    if {used}:
        ask(client)
    child = os.fork()
    if child:
        assert os.waitpid(child, 0)[1] == 0
        ask(client)
        return
    try:
        ask(client)
        found = "answer"
    except ForkedClientError:
        found = "error"
    print(found, flush=True)
    os._exit(0)

main({arguments})
"""
THREADS = "ThunderClient, lambda client: client.timeline()"
ASYNCIO = """
    AsyncThunderClient,
    lambda client, loop=asyncio.new_event_loop(): loop.run_until_complete(client.timeline()),
"""


@pytest.mark.parametrize("arguments", [THREADS, ASYNCIO], ids=["threads", "asyncio"])
@pytest.mark.parametrize(("used", "found"), [(False, "answer"), (True, "error")], ids=["unused", "used"])
def test_a_forked_client_works_or_says_so(start: Start, arguments: str, used: bool, found: str) -> None:
    program = textwrap.dedent(FORK).format(target=start(), used=used, arguments=arguments)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (0, f"{found}\n"), done.stderr
