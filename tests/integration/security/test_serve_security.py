"""Authentication of callers and renewal of certificates: real TLS over the loopback interface."""

import asyncio
from collections.abc import Callable, Generator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckResponse

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from common.timing import system_clock
from tests.support.network.certificates import Authority, Issued
from tests.support.processes.thunder import Thunder
from tests.support.programs.installed import Progress
from tests.support.redis.shown_store import ShownStore
from tests.support.serving.grpc_health import check_health
from tests.support.serving.rpc import METHOD
from tests.support.serving.serve_thread import ServeThread
from tests.support.unused import free_port
from tests.support.wait import eventually

Start = Callable[..., str]


@pytest.fixture
def authority(tmp_path: Path, progress: Progress) -> Authority:
    return _authority(tmp_path / "ours", progress)


@pytest.fixture
def stranger(tmp_path: Path, progress: Progress) -> Authority:
    return _authority(tmp_path / "theirs", progress)


def _authority(directory: Path, progress: Progress) -> Authority:
    directory.mkdir()
    return Authority(directory, progress)


@pytest.fixture
def start(redis_url: str) -> Generator[Start]:
    """Start a server with these settings; its address."""
    servers: list[ServeThread] = []
    ShownStore(redis_url)

    def started(**settings: str | int) -> str:
        servers.append(server := ServeThread(system_clock, redis_url=redis_url, **settings))
        address = server.start()
        eventually(lambda: server.state.not_ready() is None, "serving is ready")
        return address

    yield started
    for server in servers:
        server.end()


def tls(issued: Issued) -> dict[str, str]:
    return {"grpc_tls_certificate": str(issued.certificate), "grpc_tls_key": str(issued.key)}


def ask(address: str, ca: Path, own: Issued | None = None, token: str | None = None) -> grpc.StatusCode:
    """Status code of a call."""
    pair = (own.key.read_bytes(), own.certificate.read_bytes()) if own else (None, None)
    credentials = grpc.ssl_channel_credentials(ca.read_bytes(), *pair)
    port = address.rpartition(":")[2]
    with grpc.secure_channel(f"localhost:{port}", credentials) as channel:
        return code_of(channel, token)


def code_of(channel: grpc.Channel, token: str | None = None) -> grpc.StatusCode:
    call = channel.unary_unary(
        METHOD,
        request_serializer=GetInNetworkPostsRequest.SerializeToString,
        response_deserializer=GetInNetworkPostsResponse.FromString,
    )
    metadata = (("authorization", f"Bearer {token}"),) if token is not None else ()
    try:
        call(GetInNetworkPostsRequest(following_user_ids=[1]), timeout=5, metadata=metadata)
    except grpc.RpcError as failure:
        return failure.code()
    return grpc.StatusCode.OK


def test_callers_without_encryption_are_not_answered(start: Start, authority: Authority) -> None:
    address = start(**tls(authority.issue("server")))
    assert ask(address, authority.ca) is grpc.StatusCode.OK
    with grpc.insecure_channel(address) as channel:
        assert code_of(channel) is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("names", "days"), [("DNS:localhost", -1), ("DNS:elsewhere.example", 1)], ids=["expired", "another name"]
)
def test_callers_do_not_trust_a_server_with_a_bad_certificate(
    start: Start, authority: Authority, names: str, days: int
) -> None:
    address = start(**tls(authority.issue("server", names, days)))
    assert ask(address, authority.ca) is grpc.StatusCode.UNAVAILABLE


def test_callers_do_not_trust_a_server_of_another_authority(
    start: Start, authority: Authority, stranger: Authority
) -> None:
    address = start(**tls(stranger.issue("server")))
    assert ask(address, authority.ca) is grpc.StatusCode.UNAVAILABLE


def test_mutual_tls_answers_good_certificates_alone(start: Start, authority: Authority, stranger: Authority) -> None:
    address = start(**tls(authority.issue("server")), grpc_tls_client_ca=str(authority.ca))
    assert ask(address, authority.ca, authority.issue("feed")) is grpc.StatusCode.OK
    assert ask(address, authority.ca) is grpc.StatusCode.UNAVAILABLE
    assert ask(address, authority.ca, stranger.issue("feed")) is grpc.StatusCode.UNAVAILABLE
    assert ask(address, authority.ca, authority.issue("late", days=-1)) is grpc.StatusCode.UNAVAILABLE


def test_only_listed_identities_may_call(start: Start, authority: Authority) -> None:
    spiffe = "spiffe://example.org/feed"
    address = start(
        **tls(authority.issue("server")),
        grpc_tls_client_ca=str(authority.ca),
        grpc_allowed_identities=f"feed, {spiffe}",
    )
    assert ask(address, authority.ca, authority.issue("feed", "DNS:a.example")) is grpc.StatusCode.OK
    assert ask(address, authority.ca, authority.issue("other", f"URI:{spiffe}")) is grpc.StatusCode.OK
    assert ask(address, authority.ca, authority.issue("nobody")) is grpc.StatusCode.PERMISSION_DENIED


def test_renewed_certificates_are_used_without_a_restart(start: Start, authority: Authority, tmp_path: Path) -> None:
    address = start(**tls(authority.issue("server", days=-1)))
    assert ask(address, authority.ca) is grpc.StatusCode.UNAVAILABLE

    authority.issue("server")

    eventually(lambda: ask(address, authority.ca) is grpc.StatusCode.OK, "the new certificate")


def test_new_certificates_that_are_no_good_leave_the_old_ones(
    start: Start, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    issued = authority.issue("server")
    address = start(**tls(issued))
    issued.certificate.write_text("not a certificate")
    assert ask(address, authority.ca) is grpc.StatusCode.OK
    assert ask(address, authority.ca) is grpc.StatusCode.OK
    complaints = [line for line in caplog.messages if "cannot be used, the old ones stay" in line]
    assert len(complaints) == 1


def test_callers_need_a_token_of_the_file_which_may_change(start: Start, authority: Authority, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("# the feed\nfirst\n")
    address = start(**tls(authority.issue("server")), grpc_tokens_file=str(tokens))
    assert ask(address, authority.ca, token="first") is grpc.StatusCode.OK
    assert ask(address, authority.ca, token="second") is grpc.StatusCode.UNAUTHENTICATED
    assert ask(address, authority.ca) is grpc.StatusCode.UNAUTHENTICATED

    tokens.write_text("second\n")

    eventually(lambda: ask(address, authority.ca, token="second") is grpc.StatusCode.OK, "the new token")
    assert ask(address, authority.ca, token="first") is grpc.StatusCode.UNAUTHENTICATED


def test_thunder_query_shows_its_certificate_and_its_token(
    start: Start, authority: Authority, thunder: Thunder, tmp_path: Path
) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("first\n")
    address = start(
        **tls(authority.issue("server")), grpc_tls_client_ca=str(authority.ca), grpc_tokens_file=str(tokens)
    )
    feed = authority.issue("feed")
    shown = ("--ca", str(authority.ca), "--certificate", str(feed.certificate), "--key", str(feed.key))
    there = ("--address", f"localhost:{address.rpartition(':')[2]}", "--following", "1")
    assert thunder.run("query", *there, *shown, "--token-file", str(tokens)).returncode == 0
    assert "requires a valid bearer token" in thunder.run("query", *there, *shown).stderr
    assert "nowhere: No such file" in thunder.run("query", *there, *shown, "--token-file", "nowhere").stderr


def test_probes_have_a_plaintext_port_with_health_alone(start: Start, authority: Authority) -> None:
    port = free_port()
    start(**tls(authority.issue("server")), grpc_tls_client_ca=str(authority.ca), health_port=port)
    assert asyncio.run(alive(port))
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        assert code_of(channel) is grpc.StatusCode.UNIMPLEMENTED


async def alive(port: int) -> bool:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        return await check_health(channel, "") == HealthCheckResponse.SERVING
