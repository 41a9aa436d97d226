"""Answers of a reader whose store stops answering half-way."""

import asyncio

import pytest

from common.errors import StoreUnavailable
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsResponse
from common.post import LightPost
from common.retention import Retention
from common.store.member import encode_member
from serve.deadline import Deadline
from serve.query import Answer, Caps, Query
from serve.timeline.read_plan import FetchRequest, FetchResult
from serve.timeline.timeline import Timelines

NOW = 1_790_000_000
QUERY = Query(1, (5,), frozenset(), 10, video=False, caps=Caps(50, 30, 100, 500))
POST = LightPost(7, 5, NOW)
REPLY = LightPost(8, 5, NOW, in_reply_to_post_id=6, is_reply=True)


class FailingFetcher:
    """Answers a number of rounds with a post and a reply, then no more."""

    def __init__(self, rounds: int) -> None:
        self._rounds = rounds

    async def fetch(self, request: FetchRequest, deadline: Deadline) -> FetchResult:
        del deadline
        self._rounds -= 1
        if self._rounds < 0:
            raise StoreUnavailable
        return FetchResult(
            {author: [encode_member(REPLY), encode_member(POST)] for author in request.depths}, {}, False
        )


def ask(rounds: int) -> Answer:
    return asyncio.run(Timelines(FailingFetcher(rounds), Retention(600), max_bytes=1 << 20).read(QUERY, NOW))


def test_a_store_that_never_answered_is_unavailable() -> None:
    with pytest.raises(StoreUnavailable):
        ask(rounds=0)


def test_a_failing_store_leaves_a_partial_answer() -> None:
    answer = ask(rounds=1)
    assert answer.partial
    response = GetInNetworkPostsResponse.FromString(answer.body)
    assert response.partial
    assert [post.post_id for post in response.posts] == [POST.post_id]
