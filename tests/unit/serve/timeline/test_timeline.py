"""Answers of a reader whose store stops answering half-way."""

import asyncio

import pytest

from common.errors import StoreUnavailable
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsResponse
from common.post import LightPost
from common.retention import Retention
from common.store.member import encode_member
from serve.deadline import Deadline
from serve.query import Answer, Caps, Place, Query
from serve.timeline.read_plan import SECONDS_PER_ENTRY, FetchRequest, FetchResult
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


class PartFetcher:
    """Has a list for author 5 and a failing shard, which holds author 6 and every parent."""

    def __init__(self, *posts: LightPost) -> None:
        self._members = [encode_member(post) for post in posts]
        self.requests: list[FetchRequest] = []

    async def fetch(self, request: FetchRequest, deadline: Deadline) -> FetchResult:
        del deadline
        self.requests.append(request)
        members = {author: self._members[:depth] for author, depth in request.depths.items() if author == 5}
        return FetchResult(members, {}, partial=bool(request.parents) or len(members) < len(request.depths))


def ask_part(*posts: LightPost, following: tuple[int, ...] = (5,), most: int = 10) -> GetInNetworkPostsResponse:
    query = QUERY._replace(following=following, max_results=most)
    timelines = Timelines(PartFetcher(*posts), Retention(600), max_bytes=1 << 20)
    return GetInNetworkPostsResponse.FromString(asyncio.run(timelines.read(query, NOW)).body)


def test_a_partial_answer_may_have_more() -> None:
    for answer in (ask_part(POST, following=(5, 6)), ask_part(following=(5, 6)), ask_part(REPLY, following=(6,))):
        assert (answer.partial, answer.has_more) == (True, True)


def test_a_partial_answer_whose_end_is_known_has_no_more() -> None:
    answer = ask_part(REPLY, POST._replace(created_at=NOW - 1))
    assert ([post.post_id for post in answer.posts], answer.partial, answer.has_more) == ([POST.post_id], True, False)


def test_a_reply_that_may_follow_the_last_post_is_more() -> None:
    answer = ask_part(POST, REPLY._replace(created_at=NOW - 1))
    assert ([post.post_id for post in answer.posts], answer.partial, answer.has_more) == ([POST.post_id], True, True)


def test_one_more_than_asked_for_is_more_without_another_round() -> None:
    older = POST._replace(post_id=6, created_at=NOW - 1)
    for posts, has_more in (((POST,), False), ((POST, older), True)):
        answer = ask_part(*posts, most=1)
        assert (len(answer.posts), answer.has_more, answer.partial) == (1, has_more, False)


@pytest.mark.parametrize("created_after", [NOW, 2**35 - 1, 2**63 - 1])
def test_nothing_is_newer_than_a_late_time(created_after: int) -> None:
    timelines = Timelines(PartFetcher(POST), Retention(600), max_bytes=1 << 20)
    answer = asyncio.run(timelines.read(QUERY._replace(created_after=created_after), NOW))
    assert (answer.body, answer.partial) == (b"", False)


def test_a_page_behind_the_oldest_time_reads_nothing() -> None:
    query = QUERY._replace(before=Place(NOW - 601, 1))
    answer = asyncio.run(Timelines(FailingFetcher(rounds=0), Retention(600), max_bytes=1 << 20).read(query, NOW))
    assert (answer.body, answer.partial) == (b"", False)


def test_blocked_authors_are_left_out_and_counted() -> None:
    reposts = [POST._replace(post_id=8 + by, is_retweet=True, source_user_id=by) for by in (7, 6)]
    query = QUERY._replace(following=(5, 6), blocked_authors=frozenset({6, 99}))
    fetcher = PartFetcher(*reposts, POST)
    answer = asyncio.run(Timelines(fetcher, Retention(600), max_bytes=1 << 20).read(query, NOW))
    assert [post.post_id for post in GetInNetworkPostsResponse.FromString(answer.body).posts] == [15, POST.post_id]
    assert (answer.partial, answer.blocked_authors, answer.blocked_reposts) == (False, 1, 1)


def test_excluded_authors_are_not_read() -> None:
    query = QUERY._replace(following=(5, 6), excluded_authors=frozenset({6}))
    answer = asyncio.run(Timelines(PartFetcher(POST), Retention(600), max_bytes=1 << 20).read(query, NOW))
    assert (answer.scored.posts, answer.partial) == (1, False)


def read_down_to(query: Query) -> int | None:
    fetcher = PartFetcher(POST)
    asyncio.run(Timelines(fetcher, Retention(600), max_bytes=1 << 20).read(query, NOW))
    return fetcher.requests[0].oldest


def test_only_reads_of_few_entries_end_at_created_after() -> None:
    assert read_down_to(QUERY._replace(created_after=NOW - 60)) == NOW - 59
    assert read_down_to(QUERY) is None
    assert read_down_to(QUERY._replace(created_after=NOW - 20 * SECONDS_PER_ENTRY)) is None
