"""What stands around the rpc: health, reflection, compression."""

import asyncio
import functools
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckResponse
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse, LightPost
from serve.server import SERVICE
from tests.support.grpc_health import check_health
from tests.support.in_loop import in_loop
from tests.support.serving import Serving, answer_with, call_on, serving

SERVING = HealthCheckResponse.SERVING
NOT_SERVING = HealthCheckResponse.NOT_SERVING
REQUEST = GetInNetworkPostsRequest(user_id=1, following_user_ids=[20])


async def health(served: Serving) -> tuple[int, int]:
    """Of the server and of the service."""
    return await check_health(served.channel, ""), await check_health(served.channel, SERVICE)


@in_loop
async def test_the_server_is_alive_from_the_start_and_the_service_ready_when_told() -> None:
    async with serving() as served:
        assert await health(served) == (SERVING, NOT_SERVING)
        await served.server.announce(ready=True)
        assert await health(served) == (SERVING, SERVING)
        await served.server.announce(ready=False)
        assert await health(served) == (SERVING, NOT_SERVING)


async def listed_services(served: Serving) -> list[str]:
    encode: Callable[[ServerReflectionRequest], bytes] = ServerReflectionRequest.SerializeToString
    ask = served.channel.stream_stream(
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", encode, ServerReflectionResponse.FromString
    )
    call = ask(iter([ServerReflectionRequest(list_services="")]))
    async for response in cast("AsyncIterator[ServerReflectionResponse]", call):
        return [service.name for service in response.list_services_response.service]
    return []


@in_loop
async def test_reflection_names_the_service_when_it_is_on() -> None:
    async with serving(reflection=True) as served:
        assert SERVICE in await listed_services(served)


@in_loop
async def test_reflection_is_off_by_default() -> None:
    async with serving() as served:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await listed_services(served)
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


class ByteCount:
    """Bytes that came from the server."""

    def __init__(self) -> None:
        self.received = 0

    @asynccontextmanager
    async def proxy(self, port: int) -> AsyncGenerator[str]:
        """Address of a proxy to the port that counts."""
        server = await asyncio.start_server(functools.partial(self._relay, port), "127.0.0.1", 0)
        host, proxy_port = server.sockets[0].getsockname()
        async with server:
            yield f"{host}:{proxy_port}"

    async def _relay(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(self._pump(reader, to_server, 0), self._pump(from_server, writer, 1))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, weight: int) -> None:
        while received := await reader.read(65536):
            self.received += weight * len(received)
            writer.write(received)
        writer.close()


@in_loop
async def test_an_answer_is_compressed_for_callers_that_ask() -> None:
    posts = [LightPost(post_id=1, author_id=20, created_at=5)] * 5000
    count = ByteCount()
    async with serving() as served, count.proxy(served.server.port) as address:
        served.timelines.result = answer_with(*posts)
        async with grpc.aio.insecure_channel(address) as channel:
            expected = GetInNetworkPostsResponse(posts=posts)
            assert await call_on(channel)(REQUEST) == expected
            plain = count.received
            assert await call_on(channel)(REQUEST, metadata=(("accept-encoding", "gzip"),)) == expected
            compressed = count.received - plain
    assert plain > expected.ByteSize()
    assert compressed < plain / 5


@in_loop
async def test_a_compressed_request_is_understood() -> None:
    async with serving() as served:
        await served.ask(REQUEST, compression=grpc.Compression.Gzip)
        assert served.timelines.queries[0].following == (20,)
