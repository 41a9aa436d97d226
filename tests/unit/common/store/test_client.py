"""Sessions of a client, over connections that answer as a test says."""

from types import SimpleNamespace

import pytest
from redis.exceptions import NoPermissionError, ResponseError

from common.errors import StoreUnavailable
from common.store.address import Node
from common.store.client import UNKNOWN_TENURE, StoreClient
from common.store.commands import NodeCommand, pack
from common.store.topology import Topology

NODE, PING = Node("127.0.0.1", 6379), [pack((b"PING",))]
INFO = [b"run_id:a\r\n", b"role:master\r\nmaster_replid:b\r\n"]
BUSY = ResponseError("BUSY Redis is busy running a script.")


class Server:
    """Answers with these replies in turn, over one connection at a time."""

    def __init__(self, *replies: object) -> None:
        self.replies = [*replies]
        self.openings = 1

    def get_connection(self) -> "Server":
        return self

    def send_packed_command(self, *_: object, **__: object) -> None:
        pass

    def read_response(self) -> object:
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    def disconnect(self) -> None:
        self.openings += 1

    def release(self, _: object) -> None:
        pass


def opening_of(server: Server) -> int:
    return server.openings


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> StoreClient:
    monkeypatch.setattr("common.store.client.opening_of", opening_of)
    return StoreClient("redis://127.0.0.1:6379", 4, 1, reads_tenures=True)


def connect(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    def node_client(*_: object) -> SimpleNamespace:
        return SimpleNamespace(connection_pool=server)

    monkeypatch.setattr("common.store.client.node_client", node_client)


def test_a_tenure_that_a_busy_server_does_not_tell_is_asked_again(
    client: StoreClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was taken for a missing right, for as long as the connection lasted: no marks, no lost writes noticed."""
    server = Server(BUSY, BUSY, *INFO, b"PONG")
    connect(monkeypatch, server)
    with pytest.raises(StoreUnavailable, match="BUSY"):
        client.ask(NODE, PING)
    session, replies = client.ask(NODE, PING)
    assert (session.tenure.run_id, replies) == ("a", [b"PONG"])
    assert server.openings == 2


def test_a_user_without_the_right_works_without_tenures(client: StoreClient, monkeypatch: pytest.MonkeyPatch) -> None:
    denied = NoPermissionError("this user has no permissions to run the 'info' command")
    connect(monkeypatch, Server(denied, denied, b"PONG"))
    session, replies = client.ask(NODE, PING)
    assert (session.tenure, replies) == (UNKNOWN_TENURE, [b"PONG"])


def test_replies_of_commands_that_are_sent_together(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(1, b"alone", 1, 0, None, 1, ResponseError("MISCONF"), 0, 7)
    connect(monkeypatch, server)
    client = StoreClient("redis://127.0.0.1:6379", 4, 1)
    monkeypatch.setattr(client, "topology", lambda: Topology((NODE,), (0,) * 4, 0, "run"))
    commands = [NodeCommand(0, b"", count) for count in (1, 0, 3, 3, 0)]
    first, alone, several, failed, last = client.run(commands)
    assert (first, alone, several, last) == ([1], b"alone", [1, 0, None], 7)
    assert isinstance(failed, StoreUnavailable)
    assert server.openings == 2, "the connection is closed"
