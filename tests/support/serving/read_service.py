"""The read service over a real gRPC server on a free port, with a stand-in for the store."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import grpc
from prometheus_client import CollectorRegistry

from common.errors import StoreUnavailable
from common.pb.thunder.v1.in_network_pb2 import (
    GetInNetworkPostsRequest,
    GetInNetworkPostsResponse,
    LightPost,
)
from common.settings.serve import ServingSettings
from serve.deadline import Deadline
from serve.native import CommonRequest
from serve.query import Answer, Query, Summary
from serve.request import RequestLimits
from serve.rpc.posts_service import FollowStore
from serve.rpc.server import GrpcServer
from serve.wiring import Service, build_service
from tests.support.serving.rpc import METHOD

NOW = 1_700_000_000
"""Time of the service's clock."""

Call = grpc.aio.UnaryUnaryMultiCallable[GetInNetworkPostsRequest, GetInNetworkPostsResponse]


def answer_with(*posts: LightPost, partial: bool = False) -> Answer:
    """An answer of these posts, which are newest first."""
    body = GetInNetworkPostsResponse(posts=posts, partial=partial).SerializeToString()
    times = [post.created_at for post in posts] or [0]
    authors, replies = len({post.author_id for post in posts}), sum(post.is_reply for post in posts)
    summary = Summary(len(posts), replies, authors, max(times), min(times))
    return Answer(body, partial, summary, summary)


class FakeTimelines:
    """Answers with `result` (or raises it) and keeps what it was asked; can be busy, and held back."""

    def __init__(self) -> None:
        self.result: Answer | Exception = answer_with()
        self.queries: list[Query] = []
        self.timeouts: list[float | None] = []
        self.waiting = 0
        self.busy_seconds = 0.0
        self._gate = asyncio.Event()
        self._gate.set()

    def hold(self) -> None:
        """Let reads wait from now on, until their timeout or let_go()."""
        self._gate.clear()

    def let_go(self) -> None:
        """Let all reads go on."""
        self._gate.set()

    def common_request(self, payload: bytes, limits: RequestLimits) -> CommonRequest | None:
        """As Timelines: every request goes through protobuf."""

    async def read(self, query: Query | CommonRequest, now: int, deadline: Deadline) -> Answer:
        """As Timelines: partial when it is held until the deadline."""
        assert now == NOW
        assert isinstance(query, Query)
        self.queries.append(query)
        timeout = deadline.remaining(time.monotonic())
        self.timeouts.append(timeout)
        self.waiting += 1
        work_until = time.monotonic() + self.busy_seconds
        while time.monotonic() < work_until:
            pass
        try:
            async with asyncio.timeout(timeout):
                await self._gate.wait()
        except TimeoutError:
            return answer_with(partial=True)
        finally:
            self.waiting -= 1
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


class FakeFollows:
    """Follow lists in memory; a viewer without one makes it fail."""

    def __init__(self, follows: dict[int, Sequence[int]]) -> None:
        self.follows = follows

    async def following(self, viewer_id: int, limit: int, deadline: Deadline) -> list[int]:
        """As FollowStore."""
        try:
            return list(self.follows[viewer_id][:limit])
        except KeyError as error:
            raise StoreUnavailable from error

    async def held(self, viewer_id: int, deadline: Deadline) -> int:
        """As FollowStore."""
        return len(self.follows[viewer_id])


class SilentFollows:
    """Follow lists that are never answered."""

    async def following(self, viewer_id: int, limit: int, deadline: Deadline) -> list[int]:
        """As FollowStore."""
        try:
            async with asyncio.timeout(deadline.remaining(time.monotonic())):
                return await asyncio.Future[list[int]]()
        except TimeoutError as error:
            raise StoreUnavailable from error

    async def held(self, viewer_id: int, deadline: Deadline) -> int:
        """As FollowStore."""
        raise AssertionError("no list was long enough")


class Serving(NamedTuple):
    """A running server, a channel to it, and what stands behind."""

    server: GrpcServer
    service: Service
    timelines: FakeTimelines
    registry: CollectorRegistry
    address: str
    channel: grpc.aio.Channel
    ask: Call

    def metric(self, name: str, **labels: str) -> float:
        """Value of the sample of this full name."""
        value = self.registry.get_sample_value(name, labels)
        assert value is not None, f"no sample {name} {labels}"
        return value


@asynccontextmanager
async def serving(
    follows: FollowStore | None = None, timelines: FakeTimelines | None = None, **settings: object
) -> AsyncGenerator[Serving]:
    """Serve with these settings beside their defaults."""
    checked = ServingSettings.model_validate({"grpc_host": "127.0.0.1", "grpc_port": 0, **settings})
    registry, timelines = CollectorRegistry(), timelines or FakeTimelines()
    service = build_service(checked, timelines, follows, lambda: NOW, registry)
    server = GrpcServer(service.servicer, checked, drain_seconds=5)
    await server.start()
    address = f"127.0.0.1:{server.port}"
    try:
        async with grpc.aio.insecure_channel(address) as channel:
            yield Serving(server, service, timelines, registry, address, channel, call_on(channel))
    finally:
        timelines.let_go()
        await server.stop(5)


def call_on(channel: grpc.aio.Channel) -> Call:
    """The rpc GetInNetworkPosts on a channel."""
    serialize: Callable[[GetInNetworkPostsRequest], bytes] = GetInNetworkPostsRequest.SerializeToString
    return channel.unary_unary(METHOD, serialize, GetInNetworkPostsResponse.FromString)
