"""The read service under pressure: deadlines, cancelled calls, oversized messages, shutdown."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest
from google.rpc.status_pb2 import Status
from grpc_health.v1.health_pb2 import HealthCheckResponse

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from serve.rpc.server import SERVICE
from tests.support.in_loop import in_loop, soon
from tests.support.serving.grpc_health import watch_health
from tests.support.serving.read_service import Call, Serving, answer_with, call_on, serving
from tests.support.serving.rpc import METHOD

REQUEST = GetInNetworkPostsRequest(user_id=1, following_user_ids=[20])


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def in_flight(served: Serving) -> float:
    return served.metric("in_flight_requests")


@in_loop
async def test_a_partial_answer_arrives_before_the_callers_deadline() -> None:
    async with serving() as served:
        served.timelines.hold()
        response = await served.ask(REQUEST, timeout=0.5)
        assert response.partial
        assert 0 < (served.timelines.timeouts[0] or 0) < 0.5
        assert served.metric("post_store_request_timeouts_total") == 1
        assert served.metric("get_in_network_posts_outcomes_total", outcome="partial") == 1


@in_loop
async def test_our_own_timeout_cuts_an_answer_without_deadline() -> None:
    async with serving(request_timeout_ms=50) as served:
        served.timelines.hold()
        assert (await served.ask(REQUEST)).partial
        assert served.timelines.timeouts[0] == pytest.approx(0.05, abs=0.02)  # pyright: ignore[reportUnknownMemberType]


@in_loop
async def test_without_any_limit_a_read_may_take_its_time() -> None:
    async with serving() as served:
        await served.ask(REQUEST)
        assert served.timelines.timeouts == [None]


@in_loop
async def test_a_storm_of_cancelled_calls_leaves_nothing_in_flight() -> None:
    async with serving(max_concurrent_requests=50, max_loop_lag_ms=10_000) as served:
        served.timelines.hold()
        for _ in range(5):
            calls = [served.ask(REQUEST) for _ in range(40)]
            await soon(lambda: in_flight(served) == 40, "40 calls are in flight")
            for call in calls:
                call.cancel()
            await soon(lambda: in_flight(served) == 0, "no call is in flight")
        served.timelines.let_go()
        await served.ask(REQUEST)
        assert served.metric("get_in_network_posts_outcomes_total", outcome="cancelled") == 200
        assert served.metric("get_in_network_posts_outcomes_total", outcome="ok") == 1


@in_loop
async def test_every_way_to_end_leaves_nothing_in_flight() -> None:
    async with serving() as served:
        endings = [answer_with(), ValueError("a defect")]
        for ending in endings:
            served.timelines.result = ending
            await asyncio.gather(served.ask(REQUEST), return_exceptions=True)
        await asyncio.gather(served.ask(GetInNetworkPostsRequest(user_id=2**63)), return_exceptions=True)
        assert in_flight(served) == 0


@in_loop
async def test_refusals_do_not_touch_those_in_flight() -> None:
    async with serving(max_concurrent_requests=3) as served:
        served.timelines.hold()
        admitted = [served.ask(REQUEST) for _ in range(3)]
        await soon(lambda: served.timelines.waiting == 3, "three requests are being answered")
        refused = await asyncio.gather(*(served.ask(REQUEST) for _ in range(20)), return_exceptions=True)
        assert all(isinstance(error, grpc.aio.AioRpcError) for error in refused)
        assert served.metric("rejected_requests_total") == 20
        assert served.metric("get_in_network_posts_rejections_total", reason="capacity") == 20
        assert in_flight(served) == 3
        served.timelines.let_go()
        await asyncio.gather(*admitted)
        assert in_flight(served) == 0


def request_of(size: int) -> GetInNetworkPostsRequest:
    """A request of exactly this number of bytes."""
    return GetInNetworkPostsRequest(algorithm="a" * (size - 1 - varint_size(size)))


def varint_size(size: int) -> int:
    return 2 if size < 2**14 else 3 if size < 2**21 else 4


@in_loop
async def test_a_request_beyond_the_size_limit_is_invalid() -> None:
    async with serving() as served:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await served.ask(request_of(2**20 + 1))
        await served.ask(request_of(2**20))
        outcomes = {
            outcome: served.metric("get_in_network_posts_outcomes_total", outcome=outcome)
            for outcome in ("invalid", "ok")
        }
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    details = dict(caught.value.trailing_metadata() or ())["grpc-status-details-bin"]
    assert isinstance(details, bytes)
    bad_request = BadRequest()
    assert Status.FromString(details).details[0].Unpack(bad_request)
    (violation,) = bad_request.field_violations
    assert violation.field == "max_request_bytes"
    assert "1048577 bytes" in violation.description
    assert "1048576 at most" in violation.description
    assert outcomes == {"invalid": 1, "ok": 1}


@pytest.mark.parametrize(
    ("limit", "size", "code"),
    [
        (10_000, 2**23, grpc.StatusCode.INVALID_ARGUMENT),
        (10_000, 2**23 + 1, grpc.StatusCode.RESOURCE_EXHAUSTED),
        (2**24, 2**24 + 1, grpc.StatusCode.RESOURCE_EXHAUSTED),
    ],
)
@in_loop
async def test_grpc_refuses_what_is_larger_than_its_own_limit(limit: int, size: int, code: grpc.StatusCode) -> None:
    async with serving(max_request_bytes=limit) as served:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await served.ask(request_of(size))
        assert caught.value.code() is code
        await served.ask(request_of(9_000))


@in_loop
async def test_calls_without_a_request_do_not_block_others() -> None:
    async def nothing() -> AsyncGenerator[bytes]:
        await asyncio.Event().wait()
        yield b""

    own_connection = [("grpc.use_local_subchannel_pool", 1)]
    async with (
        serving(max_concurrent_requests=5, max_streams_per_connection=40) as served,
        grpc.aio.insecure_channel(served.address, own_connection) as silent,
    ):
        calls: list[grpc.aio.StreamUnaryCall[bytes, bytes]] = [
            silent.stream_unary(METHOD)(nothing()) for _ in range(100)
        ]
        opened = [asyncio.create_task(call.wait_for_connection()) for call in calls]
        await soon(lambda: sum(task.done() for task in opened) >= 40, "the connection carries all it may")
        for _ in range(20):
            await served.ask(REQUEST, timeout=5)
        for task in (*opened, *calls):
            task.cancel()


@in_loop
async def test_stopping_lets_calls_in_flight_end() -> None:
    async with serving() as served:
        served.timelines.hold()
        call = served.ask(REQUEST)
        await soon(lambda: served.timelines.waiting == 1, "the request is being answered")
        stopping = asyncio.create_task(served.server.stop(10))
        await soon(lambda: not stopping.done(), "stopping has begun")
        served.timelines.let_go()
        assert not (await call).partial
        await stopping
        assert not is_listening(served.server.port)


@in_loop
async def test_stopping_ends_at_the_grace_with_requests_in_flight() -> None:
    async with serving() as served:
        served.timelines.hold()
        call = served.ask(REQUEST)
        await soon(lambda: served.timelines.waiting == 1, "the request is being answered")
        await served.server.stop(0.2)
        with pytest.raises((grpc.aio.AioRpcError, asyncio.CancelledError)):
            await call
        await soon(lambda: in_flight(served) == 0, "no call is in flight")


@in_loop
async def test_stopping_notifies_health_watchers_without_waiting() -> None:
    async with serving() as served:
        await served.server.publish(ready=True)
        seen: list[int] = []

        async def watch() -> None:
            async for status in watch_health(served.channel, SERVICE):
                seen.append(status)  # noqa: PERF401 (the test looks on while it grows)

        watching = asyncio.create_task(watch())
        await soon(lambda: seen, "the watcher has received a status")
        started = asyncio.get_running_loop().time()
        await served.server.stop(30)
        assert asyncio.get_running_loop().time() - started < 10
        await asyncio.gather(watching, return_exceptions=True)
    assert seen == [HealthCheckResponse.SERVING, HealthCheckResponse.NOT_SERVING]


OWN_CONNECTION = [("grpc.use_local_subchannel_pool", 1)]


def token(text: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {text}"),)


@asynccontextmanager
async def channels(served: Serving, number: int) -> AsyncGenerator[list[Call]]:
    """Calls over so many connections of their own."""
    async with AsyncExitStack() as stack:
        opened = [grpc.aio.insecure_channel(served.address, OWN_CONNECTION) for _ in range(number)]
        yield [call_on(await stack.enter_async_context(channel)) for channel in opened]


async def rejected_of(calls: Sequence[Awaitable[object]]) -> int:
    """How many of the calls are rejected with the time to retry; the others end some time."""
    ends = await asyncio.gather(*calls, return_exceptions=True)
    errors = [end for end in ends if isinstance(end, grpc.aio.AioRpcError)]
    for error in errors:
        assert error.details() == "Server at capacity, please retry"
        assert "grpc-retry-pushback-ms" in dict(error.trailing_metadata() or ())
    return len(errors)


async def admitted(served: Serving, ask: Call, calls: int, of: Sequence[tuple[str, str]] = ()) -> float:
    """How many of so many calls are admitted, while reads are held back."""
    before, rejected = in_flight(served), served.metric("rejected_requests_total")
    asked = [asyncio.ensure_future(ask(REQUEST, metadata=grpc.aio.Metadata(*of))) for _ in range(calls)]
    await soon(
        lambda: in_flight(served) - before + served.metric("rejected_requests_total") - rejected == calls,
        "every call is admitted or rejected",
    )
    del asked
    return in_flight(served) - before


@in_loop
async def test_a_flood_leaves_half_of_the_capacity_to_another_client() -> None:
    async with serving(max_concurrent_requests=20) as served, channels(served, 2) as (flood, other):
        served.timelines.hold()
        assert await admitted(served, other, 1) == 1
        assert await admitted(served, flood, 60) == 10
        assert await admitted(served, other, 20) == 9
        served.timelines.let_go()
        await soon(lambda: in_flight(served) == 0, "no call is in flight")


@in_loop
async def test_a_lone_client_may_use_the_whole_capacity() -> None:
    async with serving(max_concurrent_requests=20) as served, channels(served, 1) as (alone,):
        served.timelines.hold()
        assert await admitted(served, alone, 60) == 20
        served.timelines.let_go()


@in_loop
async def test_the_connections_of_one_token_have_one_share(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("flood\nother\n")
    async with (
        serving(max_concurrent_requests=20, grpc_tokens_file=str(tokens)) as served,
        channels(served, 3) as (first, second, third),
    ):
        served.timelines.hold()
        assert await admitted(served, third, 1, token("other")) == 1
        assert await admitted(served, first, 6, token("flood")) == 6
        assert await admitted(served, second, 20, token("flood")) == 4
        assert await admitted(served, first, 20, token("other")) == 9
        served.timelines.let_go()


@in_loop
async def test_wide_requests_count_more_and_one_is_always_admitted() -> None:
    wide = GetInNetworkPostsRequest(user_id=1, following_user_ids=range(1, 5001))
    async with serving(max_concurrent_requests=4) as served, channels(served, 1) as (ask,):
        served.timelines.hold()
        alone = asyncio.ensure_future(ask(wide))
        await soon(lambda: served.timelines.waiting == 1, "the wide request is admitted")
        assert await rejected_of([ask(REQUEST) for _ in range(5)]) == 5
        served.timelines.let_go()
        await alone
        await ask(REQUEST)


@in_loop
async def test_the_bytes_in_flight_are_bounded_and_rejections_counted() -> None:
    async with serving(max_bytes_in_flight=1_000_000) as served, channels(served, 1) as (ask,):
        served.timelines.hold()
        asked = GetInNetworkPostsRequest(user_id=1, following_user_ids=range(1, 201))  # 230,400 bytes
        calls = [asyncio.ensure_future(ask(asked)) for _ in range(10)]
        await soon(lambda: served.metric("rejected_requests_total") == 6, "six calls are rejected")
        assert served.metric("get_in_network_posts_outcomes_total", outcome="refused") == 6
        assert served.metric("get_in_network_posts_rejections_total", reason="capacity") == 6
        assert in_flight(served) == 4
        served.timelines.let_go()
        assert await rejected_of(calls) == 6


@pytest.mark.parametrize("connections", [1, 16])
@in_loop
async def test_sixteen_callers_with_wide_requests_are_all_served(connections: int) -> None:
    wide = GetInNetworkPostsRequest(user_id=1, following_user_ids=range(1, 5001))

    async def keep_asking(ask: Call) -> None:
        for _ in range(3):
            await ask(wide, timeout=30)

    async with serving() as served, channels(served, connections) as asks:
        served.timelines.busy_seconds = 0.02
        await asyncio.gather(*(keep_asking(asks[number % connections]) for number in range(16)))
        assert served.metric("rejected_requests_total") == 0
