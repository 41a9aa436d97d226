"""Requests of the page, as those of every caller: the same admission, the same answers, the same metrics."""

import asyncio

import grpc

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, LightPost
from serve.page.timeline_client import TimedResponse, TimelineClient
from serve.rpc_errors import RpcFailure
from tests.support.in_loop import in_loop, soon
from tests.support.serving.read_service import FakeFollows, Serving, answer_with, serving

REQUEST = GetInNetworkPostsRequest(user_id=1)
POST = LightPost(post_id=1, author_id=20, created_at=5)
FOLLOWS = FakeFollows({1: [20]})


def client_of(served: Serving, timeout: float = 5.0) -> TimelineClient:
    return TimelineClient(served.service.posts, asyncio.get_running_loop(), timeout)


async def from_another_loop(client: TimelineClient) -> TimedResponse | RpcFailure:
    return await asyncio.to_thread(lambda: asyncio.run(client.request_timeline(REQUEST)))


@in_loop
async def test_it_is_answered_from_the_follow_store_and_counted() -> None:
    async with serving(FOLLOWS) as served:
        served.timelines.result = answer_with(POST)
        answered = await from_another_loop(client_of(served))
        assert isinstance(answered, TimedResponse)
        assert list(answered.response.posts) == [POST]
        assert served.timelines.queries[0].following == (20,)
        assert served.metric("get_in_network_posts_outcomes_total", outcome="ok") == 1
        assert served.service.metrics.posts.sum == 1
        assert sum(served.service.metrics.durations.counts) == 1


@in_loop
async def test_a_server_at_capacity_does_not_serve_the_page_first() -> None:
    async with serving(FOLLOWS, max_concurrent_requests=1) as served:
        served.timelines.hold()
        first = asyncio.ensure_future(served.ask(REQUEST))
        await soon(lambda: served.timelines.waiting, "a caller is being answered")
        refused = await from_another_loop(client_of(served))
        assert isinstance(refused, RpcFailure)
        assert (refused.code, refused.message) == (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "Server at capacity, please retry",
        )
        served.timelines.let_go()
        await first
        assert isinstance(await from_another_loop(client_of(served)), TimedResponse)


@in_loop
async def test_its_time_is_bounded() -> None:
    async with serving(FOLLOWS) as served:
        served.timelines.hold()
        answered = await from_another_loop(client_of(served, timeout=0.05))
        assert isinstance(answered, TimedResponse)
        assert answered.response.partial
