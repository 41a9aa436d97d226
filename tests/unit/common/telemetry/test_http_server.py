import asyncio
import errno
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import cast
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry, Counter, Metric
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.registry import Collector

from common.errors import ConfigurationError
from common.settings.process import ANY_ADDRESS, ProcessSettings
from common.telemetry import http_server as http_port
from common.telemetry.http_routes import Parameters, Response, Route, only
from common.telemetry.http_server import HttpServer
from tests.support.network.loopback import LOOPBACKS, in_url
from tests.tools.metrics_page import exported_metrics

HOST = "127.0.0.1"
NAMES = frozenset({"feed.example", "10.1.2.3"})


class Process:
    """A process behind an HTTP port: a registry, and a readiness and routes that the test sets."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.reason: str | None = "Kafka has not caught up"
        self.routes: dict[str, Route] = {}
        self.limits: str | None = None
        self.http = HttpServer(
            HOST, 0, self.registry, lambda: self.reason, lambda: self.routes, lambda: self.limits, NAMES
        )

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urlopen(f"http://{HOST}:{self.http.port}{path}", timeout=10) as response:
                return response.status, response.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def connect(self) -> socket.socket:
        return socket.create_connection((HOST, self.http.port), timeout=10)


@pytest.fixture
def process() -> Iterator[Process]:
    process = Process()
    yield process
    process.http.stop()


def test_any_free_port_is_bound_and_reported(process: Process) -> None:
    assert process.http.port > 0
    assert process.get("/healthz") == (200, "alive\n")


def test_readiness_comes_with_its_reason(process: Process) -> None:
    assert process.get("/readyz") == (503, "Kafka has not caught up\n")
    process.reason = None
    assert process.get("/readyz") == (200, "ready\n")
    process.limits = "some posts are left out"
    assert process.get("/readyz") == (200, "ready, but some posts are left out\n")


def test_metrics_are_those_of_the_registry(process: Process) -> None:
    Counter("posts", "Posts seen", registry=process.registry).inc(3)
    status, text = process.get("/metrics?anything")
    assert status == 200
    assert "posts_total 3.0" in text


PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (PROMETHEUS_3, "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        ("application/openmetrics-text", "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        ("text/plain;q=0.5, Application/OpenMetrics-Text", "application/openmetrics-text; version=1.0.0"),
        ("text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;q=0.4", "text/plain; version="),
        ("text/plain,application/openmetrics-text", "text/plain; version="),
        ("application/openmetrics-text;q=0", "text/plain; version="),
        ("text/html,*/*;q=0.8", "text/plain; version="),
        ("", "text/plain; version="),
    ],
)
def test_scrapers_choose_the_format_of_the_metrics(process: Process, accept: str, kind: str) -> None:
    Counter("posts", "Posts seen", registry=process.registry).inc(3)
    head, _, body = asked(process, "GET /metrics HTTP/1.1", f"Accept: {accept}").decode().partition("\r\n\r\n")
    assert f"\r\nContent-Type: {kind}" in head
    assert "\nposts_total 3.0\n" in body
    assert body.endswith("# EOF\n") == kind.startswith("application")


def test_openmetrics_reads_every_metric_of_every_role_as_plain_text_does(process: Process) -> None:
    class Exported(Collector):
        def collect(self) -> list[Metric]:
            return [metric for metrics in exported_metrics().values() for metric in metrics]

    process.registry.register(Exported())
    body = asked(process, "GET /metrics HTTP/1.1", "Accept: application/openmetrics-text").decode()
    families = cast("Iterable[Metric]", openmetrics.text_string_to_metric_families(body.partition("\r\n\r\n")[2]))
    read = {sample.name for family in families for sample in family.samples}
    plain = {line.partition(" ")[0].partition("{")[0] for line in process.get("/metrics")[1].splitlines()} - {"#"}
    assert read == plain


def test_other_paths_and_methods_are_refused(process: Process) -> None:
    assert process.get("/")[0] == 404
    with process.connect() as client:
        client.sendall(b"POST /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 405 ")


def asked(process: Process, *lines: str) -> bytes:
    """The whole response to these lines of a request."""
    with process.connect() as client:
        client.sendall("\r\n".join([*lines, "", ""]).encode())
        return b"".join(iter(lambda: client.recv(10_000), b""))


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/page", "/nowhere"])
def test_head_is_get_without_the_body(process: Process, path: str) -> None:
    process.routes = {"/page": show_colour}
    Counter("posts", "Posts seen", registry=process.registry)
    whole, head = (asked(process, f"{method} {path} HTTP/1.1", "Host: localhost") for method in ("GET", "HEAD"))
    assert head == whole[: whole.index(b"\r\n\r\n") + 4]
    assert len(head) < len(whole)


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["Host: localhost"], 200),
        (["host:LOCALHOST:8080"], 200),
        (["Host: 127.0.0.1:8080"], 200),
        (["Host: [::1]:8080"], 200),
        (["Accept: */*", "Host: Feed.Example:80"], 200),
        (["Host: 10.1.2.3"], 200),
        (["Host: evil.example"], 421),
        (["Host: localhost.evil.example"], 421),
        (["Host: feed.example.evil.example"], 421),
        (["Host: 10.1.2.4:8080"], 421),
        (["Host: localhost", "Host: evil.example"], 421),
        (["Host: localhost@evil.example"], 421),
        (["Host: ["], 421),
        (["Host:"], 421),
        ([], 421),
    ],
)
def test_further_routes_answer_to_names_of_this_machine_alone(process: Process, lines: list[str], status: int) -> None:
    process.routes = {"/page": show_colour}
    assert asked(process, "GET /page HTTP/1.1", *lines).startswith(f"HTTP/1.1 {status} ".encode())
    assert asked(process, "GET /healthz HTTP/1.1", *lines).startswith(b"HTTP/1.1 200 ")


async def show_colour(parameters: Parameters) -> Response:
    only(parameters, "colour")
    await asyncio.sleep(0)
    return Response(HTTPStatus.OK, parameters.get("colour", "none").encode(), "text/plain")


def test_routes_are_added_and_removed(process: Process) -> None:
    assert process.get("/page?colour=blue")[0] == 404
    process.routes = {"/page": show_colour}
    assert process.get("/page?colour=bl%C3%BCe") == (200, "blüe")
    assert process.get("/page") == (200, "none")
    assert process.get("/healthz") == (200, "alive\n")
    process.routes = {}
    assert process.get("/page")[0] == 404


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("size=3", "no such parameter: 'size'; there is colour\n"),
        ("%0d%0aX-Evil:1=3", "no such parameter: '\\r\\nX-Evil:1'; there is colour\n"),
        ("colour=a&colour=b", "each parameter may be given once\n"),
        ("&".join(f"p{number}=1" for number in range(9)), "at most 8 parameters\n"),
    ],
)
def test_a_wrong_query_gets_an_explanation(query: str, complaint: str, process: Process) -> None:
    process.routes = {"/page": show_colour}
    assert process.get(f"/page?{query}") == (400, complaint)


def test_a_route_that_fails_says_nothing_of_the_cause(process: Process, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(_parameters: Parameters) -> Response:
        raise KeyError("a secret")

    process.routes = {"/page": fail}
    assert process.get("/page") == (500, "internal error\n")
    assert "a secret" in caplog.text


def test_a_route_that_takes_too_long_is_cut_off(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait(_parameters: Parameters) -> Response:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(http_port, "_SECONDS_PER_REQUEST", 0.2)
    process.routes = {"/page": wait}
    with process.connect() as client:
        client.sendall(b"GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert _is_cut_off(client)


def test_content_security_policy_allows_nothing_from_elsewhere(process: Process) -> None:
    with urlopen(f"http://{HOST}:{process.http.port}/healthz", timeout=10) as response:
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert "http" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"


def test_slow_clients_are_cut_off_and_delay_no_others(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_port, "_SECONDS_PER_REQUEST", 0.5)
    slow = [process.connect() for _ in range(10)]
    for client in slow:
        client.sendall(b"GET /healthz HT")
    assert process.get("/healthz")[0] == 200
    for client in slow:
        with client:
            assert _is_cut_off(client)


def test_an_endless_request_is_cut_off(process: Process) -> None:
    with process.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000)
        assert _is_cut_off(client)


def test_connections_are_bounded(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_port, "_MAX_CONNECTIONS", 1)
    with process.connect() as first, process.connect() as second:
        assert _is_cut_off(second)
        first.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert first.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_stopping_does_not_wait_for_clients(process: Process, caplog: pytest.LogCaptureFixture) -> None:
    with process.connect() as client:
        client.sendall(b"GET /healthz")
        process.get("/healthz")  # the slow client was accepted before this one
        process.http.stop()
        assert _is_cut_off(client)
        with pytest.raises(ConnectionRefusedError):
            process.connect()
    assert caplog.text == ""


def test_a_taken_port_is_a_configuration_error(process: Process) -> None:
    with pytest.raises(ConfigurationError, match=f"HTTP cannot listen on {HOST}:{process.http.port}"):
        HttpServer(HOST, process.http.port, CollectorRegistry(), lambda: None)


def _listening_on(host: str) -> list[str]:
    """Addresses of the loopback interface that answer."""
    role = HttpServer(host, 0, CollectorRegistry(), lambda: None)
    answering: list[str] = []
    for address in LOOPBACKS:
        with suppress(URLError), urlopen(f"http://{in_url(address)}:{role.port}/readyz", timeout=10) as response:
            assert response.read() == b"ready\n"
            answering.append(address)
    role.stop()
    return answering


def test_default_address_listens_on_ipv6_and_ipv4() -> None:
    assert _listening_on(ProcessSettings().http_host) == list(LOOPBACKS)


@pytest.mark.parametrize("host", LOOPBACKS)
def test_given_address_is_the_only_one(host: str) -> None:
    assert _listening_on(host) == [host]


def test_given_ipv4_wildcard_is_ipv4_alone() -> None:
    assert _listening_on("0.0.0.0") == ["127.0.0.1"]  # noqa: S104


def test_default_address_is_ipv4_where_there_is_no_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)
    assert _listening_on(ANY_ADDRESS) == ["127.0.0.1"]


def test_default_address_is_ipv4_where_ipv6_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    create_server = socket.create_server

    def without_ipv6(address: tuple[str, int], *, family: int = socket.AF_INET, **options: bool) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
        return create_server(address, **options)

    monkeypatch.setattr(socket, "create_server", without_ipv6)
    assert _listening_on(ANY_ADDRESS) == ["127.0.0.1"]


@pytest.mark.parametrize("host", LOOPBACKS)
def test_port_that_is_taken_on_one_stack_is_an_error(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with (
        socket.create_server((host, 0), family=family) as other,
        pytest.raises(ConfigurationError, match="HTTP cannot listen on"),
    ):
        HttpServer(ANY_ADDRESS, other.getsockname()[1], CollectorRegistry(), lambda: None)


def _is_cut_off(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True
