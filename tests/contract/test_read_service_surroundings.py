"""The services beside the rpc: health, reflection, compression."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from typing import cast

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckResponse
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse, LightPost
from common.settings.serve import ServingSettings
from serve.rpc.health import MOST_WATCHES
from serve.rpc.server import SERVICE
from tests.support.in_loop import in_loop
from tests.support.network.loopback import LOOPBACKS, in_url
from tests.support.network.tcp_balancer import TcpBalancer
from tests.support.serving.grpc_health import check_health, watch_health
from tests.support.serving.read_service import Serving, answer_with, call_on, serving

SERVING = HealthCheckResponse.SERVING
NOT_SERVING = HealthCheckResponse.NOT_SERVING
REQUEST = GetInNetworkPostsRequest(user_id=1, following_user_ids=[20])


async def watch(channel: grpc.aio.Channel) -> AsyncGenerator[int]:
    """A stream of the service's health that has begun."""
    statuses = watch_health(channel, SERVICE)
    await anext(statuses)
    return statuses


@in_loop
async def test_health_watches_of_a_connection_are_bounded() -> None:
    async with serving() as served:
        open_ = [await watch(served.channel) for _ in range(MOST_WATCHES)]
        with pytest.raises(grpc.aio.AioRpcError, match="health watches") as refused:
            await watch(served.channel)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert await health(served) == (SERVING, NOT_SERVING), "checks are no streams"
        async with grpc.aio.insecure_channel(served.address, [("grpc.use_local_subchannel_pool", 1)]) as other:
            await watch(other)
        await open_.pop().aclose()
        await eventually_open(served.channel)


async def eventually_open(channel: grpc.aio.Channel) -> None:
    """Until a stream that was left has made room for another."""
    for _ in range(500):
        with suppress(grpc.aio.AioRpcError):
            await watch(channel)
            return
        await asyncio.sleep(0.02)
    raise AssertionError("no room for another health watch")


async def health(served: Serving) -> tuple[int, int]:
    """Of the server and of the service."""
    return await check_health(served.channel, ""), await check_health(served.channel, SERVICE)


@in_loop
async def test_the_server_is_alive_at_once_and_the_service_ready_later() -> None:
    async with serving() as served:
        assert await health(served) == (SERVING, NOT_SERVING)
        await served.server.publish(ready=True)
        assert await health(served) == (SERVING, SERVING)
        await served.server.publish(ready=False)
        assert await health(served) == (SERVING, NOT_SERVING)


REFLECTION = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")


async def listed_services(served: Serving, reflection: str) -> list[str]:
    encode: Callable[[ServerReflectionRequest], bytes] = ServerReflectionRequest.SerializeToString
    ask = served.channel.stream_stream(
        f"/{reflection}/ServerReflectionInfo", encode, ServerReflectionResponse.FromString
    )
    call = ask(iter([ServerReflectionRequest(list_services="")]))
    async for response in cast("AsyncIterator[ServerReflectionResponse]", call):
        return [service.name for service in response.list_services_response.service]
    return []


@in_loop
async def test_default_address_answers_over_ipv6_and_ipv4() -> None:
    async with serving(grpc_host=ServingSettings().grpc_host) as served:
        for host in LOOPBACKS:
            async with grpc.aio.insecure_channel(f"{in_url(host)}:{served.server.port}") as channel:
                assert await check_health(channel, "") == SERVING


@pytest.mark.parametrize("reflection", REFLECTION)
@in_loop
async def test_reflection_names_the_service_when_it_is_on(reflection: str) -> None:
    async with serving(reflection=True) as served:
        assert SERVICE in await listed_services(served, reflection)


@pytest.mark.parametrize("reflection", REFLECTION)
@in_loop
async def test_reflection_is_off_by_default(reflection: str) -> None:
    async with serving() as served:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await listed_services(served, reflection)
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("asks_in", ["accept-encoding", "response-encoding"])
@in_loop
async def test_an_answer_is_compressed_for_callers_that_ask(asks_in: str) -> None:
    posts = [LightPost(post_id=1, author_id=20, created_at=5)] * 5000
    async with serving() as served:
        served.timelines.result = answer_with(*posts)
        with TcpBalancer([served.server.port]) as between:
            async with grpc.aio.insecure_channel(between.address) as channel:
                expected = GetInNetworkPostsResponse(posts=posts)
                assert await call_on(channel)(REQUEST) == expected
                plain = between.received
                assert await call_on(channel)(REQUEST, metadata=((asks_in, "gzip"),)) == expected
                compressed = between.received - plain
    assert plain > expected.ByteSize()
    assert compressed < plain / 5


@in_loop
async def test_a_compressed_request_is_understood() -> None:
    async with serving() as served:
        await served.ask(REQUEST, compression=grpc.Compression.Gzip)
        assert served.timelines.queries[0].following == (20,)
