"""The image's health check tells a role that answers from anything else at its port."""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from prometheus_client import CollectorRegistry

from common.settings.process import ANY_ADDRESS
from common.telemetry.http_server import HttpServer
from tests.support.network.loopback import LOOPBACKS
from tests.support.unused import free_port
from thunder.health_check import main

HOST = "127.0.0.1"


@contextmanager
def answering(words: bytes) -> Generator[int]:
    """The port of something that answers the first caller with these words."""

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(words)

    with socket.create_server((HOST, 0)) as listener:
        thread = threading.Thread(target=answer)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def health(port: int, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("THUNDER_HTTP_PORT", str(port))
    return main()


@pytest.mark.parametrize("host", [ANY_ADDRESS, *LOOPBACKS])
def test_a_role_that_answers_is_alive_even_if_it_is_not_ready(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    role = HttpServer(host, 0, CollectorRegistry(), lambda: "Kafka has not caught up")
    assert health(role.port, monkeypatch) == 0
    role.stop()


def test_a_closed_port_is_not_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    assert health(free_port(), monkeypatch) == 1


@pytest.mark.parametrize("words", [b"HTTP/1.1 404 Not Found\r\n\r\n", b"220 mail\r\n", b""])
def test_another_answer_is_none(words: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(words) as port:
        assert health(port, monkeypatch) == 1


@pytest.mark.parametrize(("reason", "code"), [(None, 0), ("Kafka has not caught up", 1)])
def test_a_named_role_is_asked_whether_it_is_ready(
    reason: str | None, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    role = HttpServer(HOST, 0, CollectorRegistry(), lambda: reason)
    monkeypatch.setenv("THUNDER_HTTP_PORT", str(role.port))
    assert main([HOST]) == code
    assert (reason or "status 200") in capsys.readouterr().out
    role.stop()
