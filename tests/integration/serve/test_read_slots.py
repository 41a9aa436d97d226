"""What a request reads from a real Redis counts against the slot that it holds."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from math import inf

import pytest

from common.errors import StoreUnavailable
from common.post import LightPost
from common.retention import Retention
from common.store.commands import pack
from common.store.keys import KeySpace
from serve.deadline import Deadline
from serve.overload.admission import Admission, Capacity, Cost, Ticket, cost_of_read
from serve.overload.slot import Slot, current_slot
from serve.query import Caps, Query
from serve.rejection import Rejected
from serve.store.fetcher import RedisFetcher
from serve.store.nodes import NodeConnections
from serve.timeline.read_plan import first_depth, wire_bytes
from serve.timeline.timeline import Timelines
from tests.support.in_loop import in_loop, soon
from tests.support.redis.filled_store import fill_store
from tests.support.redis.servers import RedisServer

KEYS = KeySpace()
PING = pack((b"PING",))
AUTHOR = 7
POSTS = 100


@asynccontextmanager
async def connected(url: str) -> AsyncGenerator[NodeConnections]:
    connections = NodeConnections(url, KEYS.buckets, 5)
    yield connections
    connections.close()


def admitted(admission: Admission, cost: Cost) -> Slot:
    ticket = admission.admit("a", cost, 0.0, 0.0)
    assert isinstance(ticket, Ticket)
    return Slot(admission, ticket)


@in_loop
async def test_an_overdue_request_holds_its_slot_until_it_is_answered(
    redis_url: str, redis_server: RedisServer
) -> None:
    admission = Admission(Capacity(10, 1000, inf))
    async with connected(redis_url) as connections:
        assert await connections.run_in_bucket(None, PING) == b"PONG"
        slot = admitted(admission, Cost())
        current_slot.set(slot)
        with redis_server.frozen():
            with pytest.raises(StoreUnavailable):
                await connections.run_in_bucket(None, PING, Deadline(time.monotonic() + 0.05))
            slot.end()
            await asyncio.sleep(0)
            assert admission.in_flight == 1
        await soon(lambda: admission.in_flight == 0, "the slot is free")
        assert await connections.run_in_bucket(None, PING) == b"PONG"


@in_loop
async def test_deeper_rounds_count_against_the_bytes_in_flight(redis_url: str) -> None:
    now = int(time.time())
    posts = [LightPost(number, AUTHOR, now - number) for number in range(1, POSTS + 1)]
    await asyncio.to_thread(fill_store, redis_url, posts)
    excluded = frozenset(range(1, POSTS - 10))  # the newest, so that the list is read deeper
    query = Query(1, (AUTHOR,), excluded, 10, video=False, caps=Caps(50, 30, 100, 500))
    first = wire_bytes(first_depth(query, now))

    async with connected(redis_url) as connections:
        timelines = Timelines(RedisFetcher(connections, KEYS), Retention(3600), max_bytes=1 << 20)
        for others, fits in ((0, True), (400, False)):
            admission = Admission(Capacity(10, first + 500, inf))
            other = admitted(admission, Cost(1.0, others))
            if not others:
                other.end()
            slot = admitted(admission, cost_of_read(1, first))
            current_slot.set(slot)
            if fits:
                assert len((await timelines.read(query, now)).body) > 0
                assert admission.bytes > first
            else:
                with pytest.raises(Rejected):
                    await timelines.read(query, now)
            slot.end()
            assert admission.bytes == others
