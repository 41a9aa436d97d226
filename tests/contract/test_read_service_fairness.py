"""The read service with several callers at once: none gets in the way of the others."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

import grpc

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from serve.deadline import Deadline
from serve.native import CommonRequest
from serve.overload.slot import current_slot
from serve.query import Answer, Query
from tests.contract.test_read_service_limits import REQUEST, channels, in_flight, rejected_of
from tests.support.in_loop import in_loop, soon
from tests.support.serving.read_service import FakeTimelines, answer_with, serving
from tests.support.serving.rpc import METHOD

WIDE = GetInNetworkPostsRequest(user_id=1, following_user_ids=range(1, 5001))
STEPS = 30
STEP_SECONDS = 0.002


class SteppingTimelines(FakeTimelines):
    """Works for a wide request in many steps, for an ordinary one in one; keeps the order in which they end."""

    def __init__(self) -> None:
        super().__init__()
        self.ended: list[str] = []

    async def read(self, query: Query | CommonRequest, now: int, deadline: Deadline) -> Answer:
        """As Timelines."""
        del now, deadline
        assert isinstance(query, Query)
        is_wide = len(query.following) > 1000
        for _ in range(STEPS if is_wide else 1):
            work_until = asyncio.get_running_loop().time() + STEP_SECONDS
            while asyncio.get_running_loop().time() < work_until:
                pass
            await asyncio.sleep(0)
        self.ended.append("wide" if is_wide else "ordinary")
        return answer_with()


@in_loop
async def test_an_ordinary_call_does_not_wait_for_wide_ones() -> None:
    timelines = SteppingTimelines()
    async with serving(timelines=timelines) as served, channels(served, 2) as (much, few):
        wide = [asyncio.ensure_future(much(WIDE)) for _ in range(10)]
        await soon(lambda: in_flight(served) == 10, "the wide requests are in flight")
        for _ in range(5):
            await few(REQUEST)
        assert timelines.ended.count("wide") < 5
        await asyncio.gather(*wide)


@in_loop
async def test_wide_calls_of_one_caller_are_answered_in_order() -> None:
    timelines = SteppingTimelines()
    async with serving(timelines=timelines) as served:
        calls = [asyncio.ensure_future(served.ask(WIDE)) for _ in range(4)]
        await soon(lambda: in_flight(served) == 4, "all are in flight")
        done, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        assert len(done) < 4
        await asyncio.gather(*calls)


async def nothing() -> AsyncGenerator[bytes]:
    await asyncio.Event().wait()
    yield b""


OWN_CONNECTION = [("grpc.use_local_subchannel_pool", 1)]


@in_loop
async def test_silent_streams_of_many_connections_leave_room() -> None:
    async with serving(max_concurrent_requests=5, max_streams_per_connection=40) as served:
        silent = [grpc.aio.insecure_channel(served.address, OWN_CONNECTION) for _ in range(6)]
        calls: list[grpc.aio.StreamUnaryCall[bytes, bytes]] = [
            channel.stream_unary(METHOD)(nothing()) for channel in silent for _ in range(40)
        ]
        ends = [asyncio.ensure_future(call.code()) for call in calls]
        await soon(lambda: sum(end.done() for end in ends) >= 140, "most are rejected")
        for _ in range(20):
            await served.ask(REQUEST, timeout=5)
        rejected = [call for call, end in zip(calls, ends, strict=True) if end.done()]
        assert {await call.code() for call in rejected} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
        trailers = [dict(await call.trailing_metadata() or ()) for call in rejected]
        assert all("grpc-retry-pushback-ms" in trailer for trailer in trailers)
        for call in calls:
            call.cancel()
        await asyncio.gather(*ends, *(channel.close() for channel in silent), return_exceptions=True)


@in_loop
async def test_answers_that_are_not_taken_leave_room() -> None:
    async with serving(max_bytes_in_flight=4_000_000) as served:
        served.timelines.result = answer_with()._replace(body=bytes(500_000))
        options = [*OWN_CONNECTION, ("grpc.http2.bdp_probe", 0)]
        async with grpc.aio.insecure_channel(served.address, options) as slow:
            unread: list[grpc.aio.UnaryStreamCall[bytes, bytes]] = [
                slow.unary_stream(METHOD)(REQUEST.SerializeToString()) for _ in range(50)
            ]
            await soon(lambda: served.metric("rejected_requests_total") >= 30, "the slow caller is rejected")
            assert in_flight(served) == 0
            raw: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = served.channel.unary_unary(METHOD)
            assert len(await raw(REQUEST.SerializeToString())) == 500_000
            for call in unread:
                call.cancel()


@in_loop
async def test_an_overdue_call_holds_its_slot_until_its_replies_are_in() -> None:
    replies = asyncio.Event()

    class OverdueTimelines(FakeTimelines):
        async def read(self, query: Query | CommonRequest, now: int, deadline: Deadline) -> Answer:
            slot = current_slot.get()
            assert slot
            slot.hold_until(self._replies())
            return answer_with(partial=True)

        async def _replies(self) -> None:
            await replies.wait()

    async with serving(timelines=OverdueTimelines(), max_concurrent_requests=3) as served:
        for _ in range(3):
            assert (await served.ask(REQUEST)).partial
        assert in_flight(served) == 3
        assert await rejected_of([served.ask(REQUEST)]) == 1
        replies.set()
        await soon(lambda: in_flight(served) == 0, "the slots are free")
        assert (await served.ask(REQUEST)).partial


@in_loop
async def test_no_call_is_cancelled_by_the_queue_in_front_of_admission() -> None:
    async with serving() as served, channels(served, 4) as asks:
        calls = [ask(REQUEST, timeout=60) for ask in asks for _ in range(900)]
        ends = await asyncio.gather(*calls, return_exceptions=True)
    assert outcomes(ends) <= {None, grpc.StatusCode.RESOURCE_EXHAUSTED}


def outcomes(ends: Sequence[object]) -> set[grpc.StatusCode | None]:
    """Codes of the calls, None for those that were answered."""
    return {end.code() if isinstance(end, grpc.aio.AioRpcError) else None for end in ends}
