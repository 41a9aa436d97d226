"""The connection over a transport that the test plays."""

import asyncio
import gc
import weakref
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from common.errors import StoreUnavailable
from common.store.topology import Node
from serve.store.connection import (
    MakeReader,
    ParsedReplies,
    PendingReplies,
    ReplyReader,
    RespConnection,
    ScannedReplies,
    all_ended,
)
from serve.timeline.read_core import DamagedReply
from tests.support.in_loop import in_loop


class SilentTransport(asyncio.Transport):
    """Takes everything."""

    def __init__(self) -> None:
        super().__init__()
        self.was_aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        del data

    def is_closing(self) -> bool:
        return self.was_aborted

    def abort(self) -> None:
        self.was_aborted = True


def opened(reader: ReplyReader | None = None) -> RespConnection:
    connection = RespConnection(Node("127.0.0.1", 6379), reader or ParsedReplies())
    connection.connection_made(SilentTransport())
    return connection


@contextmanager
def without_collector() -> Generator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@in_loop
async def test_a_slow_server_is_not_silent() -> None:
    connection = opened()
    waiting = [asyncio.create_task(connection.run(b"PING", 1)) for _ in range(4)]
    for answered in range(1, 4):
        await asyncio.sleep(0.1)
        connection.data_received(b"+PONG\r\n")
        assert not connection.is_silent(0.1)
        assert (await waiting[answered - 1]) == [b"PONG"]
    await asyncio.sleep(0.12)
    assert connection.is_silent(0.1)
    connection.data_received(b"+PONG\r\n")
    assert await waiting[3] == [b"PONG"]
    await asyncio.sleep(0.12)
    assert not connection.is_silent(0.1)  # nothing is due


@in_loop
async def test_an_idle_connection_is_not_silent_when_it_is_used_again() -> None:
    connection = opened()
    await asyncio.sleep(0.12)
    running = asyncio.create_task(connection.run(b"PING", 1))
    await asyncio.sleep(0)
    assert not connection.is_silent(0.1)
    connection.data_received(b"+PONG\r\n")
    await running


async def lost_while_waiting() -> weakref.ref[StoreUnavailable]:
    connection = opened()
    asyncio.get_running_loop().call_soon(connection.connection_lost, None)
    try:
        await connection.run(b"PING", 1)
    except StoreUnavailable as lost:
        return weakref.ref(lost)
    raise AssertionError("the connection is not lost")


@in_loop
async def test_a_lost_connection_leaves_no_cycle() -> None:
    with without_collector():
        lost = await lost_while_waiting()
        assert lost() is None


class LineScanner:
    """A scanner for replies of one line each."""

    def __init__(self) -> None:
        self._received = b""

    def feed(self, received: bytes) -> None:
        self._received += received

    def take(self, due: int) -> bytes | None:
        if b"?" in self._received:
            raise DamagedReply
        lines = self._received.split(b"\r\n")
        if len(lines) <= due:
            return None
        taken = b"".join(line + b"\r\n" for line in lines[:due])
        self._received = self._received.removeprefix(taken)
        return taken


@in_loop
async def test_first_replies_come_as_bytes_and_the_others_parsed() -> None:
    connection = opened(ScannedReplies(LineScanner()))
    pipelines = [PendingReplies(1, 2), PendingReplies(2), PendingReplies(0, 1)]
    for pending in pipelines:
        connection.send(b"PING", pending)
    for byte in b"-ERR no\r\n+B\r\n+C\r\n-WRONG\r\n+E\r\n+F\r\n+G\r\n":
        connection.data_received(bytes((byte,)))
    assert await all_ended(pipelines)
    first, second, third = map(connection.replies_to, pipelines)
    assert (pipelines[0].raw, first, pipelines[0].first_error) == (b"-ERR no\r\n+B\r\n", [b"C"], "ERR no")
    assert ([str(reply) for reply in second], pipelines[1].first_error) == (["WRONG", "b'E'"], "WRONG")
    assert (pipelines[2].raw, third, pipelines[2].first_error) == (b"+F\r\n", [], None)


@pytest.mark.parametrize("make_reader", [ParsedReplies, lambda: ScannedReplies(LineScanner())])
@in_loop
async def test_damage_closes_the_connection(make_reader: MakeReader) -> None:
    connection = opened(make_reader())
    running = asyncio.create_task(connection.run(b"PING", 1))
    await asyncio.sleep(0)
    connection.data_received(b"?\r\n")
    assert not connection.is_open
    running.cancel()


@in_loop
async def test_pipelines_are_waited_for_together_until_the_limit() -> None:
    connection = opened()
    pipelines = [PendingReplies(1), PendingReplies(1)]
    for pending in pipelines:
        connection.send(b"PING", pending)
    connection.data_received(b"+PONG\r\n")
    assert not await all_ended(pipelines, 0.01)
    assert [pending.has_ended for pending in pipelines] == [True, False]
    asyncio.get_running_loop().call_soon(connection.data_received, b"+PONG\r\n")
    assert await all_ended(pipelines, 20.0)
    assert [connection.replies_to(pending) for pending in pipelines] == [[b"PONG"], [b"PONG"]]
