"""The connection over a transport that the test plays."""

import asyncio
import gc
import weakref
from collections.abc import Generator
from contextlib import contextmanager

from common.errors import StoreUnavailable
from common.store.topology import Node
from serve.store.connection import PendingReplies, RespConnection
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


def opened() -> RespConnection:
    connection = RespConnection(Node("127.0.0.1", 6379))
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
    waiting = [asyncio.create_task(connection.run(b"PING", PendingReplies(1))) for _ in range(4)]
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
    running = asyncio.create_task(connection.run(b"PING", PendingReplies(1)))
    await asyncio.sleep(0)
    assert not connection.is_silent(0.1)
    connection.data_received(b"+PONG\r\n")
    await running


async def lost_while_waiting() -> weakref.ref[StoreUnavailable]:
    connection = opened()
    asyncio.get_running_loop().call_soon(connection.connection_lost, None)
    try:
        await connection.run(b"PING", PendingReplies(1))
    except StoreUnavailable as lost:
        return weakref.ref(lost)
    raise AssertionError("the connection is not lost")


@in_loop
async def test_a_lost_connection_leaves_no_cycle() -> None:
    with without_collector():
        lost = await lost_while_waiting()
        assert lost() is None
