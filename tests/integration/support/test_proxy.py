"""Links to a server, disturbed."""

import socket
import socketserver
import threading
import time
from collections.abc import Generator
from contextlib import suppress

import pytest

from tests.support.network.proxy import Link, Network
from tests.support.wait import eventually


class Echo(socketserver.BaseRequestHandler):
    """Sends back what it receives."""

    def handle(self) -> None:
        with suppress(ConnectionError):
            while data := self.request.recv(1000):
                self.request.sendall(data)


@pytest.fixture
def link() -> Generator[Link]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with Network() as network:
            yield network.link(server.server_address[1])
        server.shutdown()


def connected(link: Link) -> socket.socket:
    return socket.create_connection(("127.0.0.1", link.port), timeout=10)


def echoed(client: socket.socket, data: bytes) -> bytes:
    client.sendall(data)
    return client.recv(1000)


def test_bytes_pass(link: Link) -> None:
    with connected(link) as client:
        assert echoed(client, b"hello") == b"hello"


def test_a_cut_resets_connections(link: Link) -> None:
    with connected(link) as client:
        assert echoed(client, b"hello") == b"hello"
        assert link.cut() == 1
        with pytest.raises(ConnectionResetError):
            client.recv(1000)
    assert link.cuts == 1


def test_nothing_arrives_on_a_link_that_is_held_still(link: Link) -> None:
    with connected(link) as client, connected(link) as late:
        assert echoed(client, b"hello") == b"hello"
        with link.held_still():
            client.sendall(b"more")
            late.sendall(b"and more")
            client.settimeout(0.3)
            with pytest.raises(TimeoutError):
                client.recv(1000)
        client.settimeout(10)
        assert client.recv(1000) == b"more"
        assert late.recv(1000) == b"and more"
    assert link.held == 2


def test_replicas_alone_are_held(link: Link) -> None:
    with connected(link) as replica, connected(link) as client:
        assert echoed(replica, b"*3\r\n$8\r\nREPLCONF\r\n") == b"*3\r\n$8\r\nREPLCONF\r\n"
        with link.held_still(replicas_alone=True):
            assert echoed(client, b"hello") == b"hello"
            replica.sendall(b"ack")
            replica.settimeout(0.3)
            with pytest.raises(TimeoutError):
                replica.recv(1000)
        replica.settimeout(10)
        assert replica.recv(1000) == b"ack"


def test_new_connections_are_refused(link: Link) -> None:
    with link.refused_connections(), pytest.raises(ConnectionResetError), connected(link) as client:
        echoed(client, b"hello")
    assert link.refused == 1
    with connected(link) as client:
        assert echoed(client, b"hello") == b"hello"


def test_a_reply_is_torn(link: Link) -> None:
    with connected(link) as client:
        assert echoed(client, b"hello") == b"hello"
        link.tear(1)
        client.sendall(b"12345678")
        received = bytearray()

        def is_reset() -> bool:
            try:
                received.extend(client.recv(1000))
            except ConnectionResetError:
                return True
            return False

        eventually(is_reset, "a reset")
        assert bytes(received) in (b"", b"1234")
    assert link.torn == 1


def test_a_slow_link_keeps_the_order(link: Link) -> None:
    with connected(link) as client:
        link.slow(0.1)
        began = time.monotonic()
        client.sendall(b"a")
        eventually(lambda: link.delayed >= 1, "the first byte on its way")
        link.slow(0)
        client.sendall(b"b")
        received = b""
        while len(received) < 2:
            received += client.recv(1000)
        assert received == b"ab"
        assert time.monotonic() - began >= 0.1
