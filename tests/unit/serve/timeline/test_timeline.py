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
from serve.timeline.cores import ChosenCore
from serve.timeline.read_core import ReadCore, StoreMap
from serve.timeline.read_plan import SECONDS_PER_ENTRY
from serve.timeline.timeline import Timelines
from tests.unit.serve.memory_fetcher import KEYS, MemoryFetcher, MemoryNode, parsed

NOW = 1_790_000_000
QUERY = Query(1, (5,), frozenset(), 10, video=False, caps=Caps(50, 30, 100, 500))
POST = LightPost(7, 5, NOW)
REPLY = LightPost(8, 5, NOW, in_reply_to_post_id=6, is_reply=True)


def node_of(*posts: LightPost) -> MemoryNode:
    """Holds these posts, newest first, for every author; no records."""
    members = [encode_member(post) for post in posts]
    return MemoryNode(lambda author, video: members)


class FailingFetcher(MemoryFetcher):
    """Reads a number of parts with a post and a reply, then no more."""

    def __init__(self, rounds: int) -> None:
        super().__init__(node_of(REPLY, POST))
        self._rounds = rounds

    async def read_part(self, core: ReadCore, deadline: Deadline) -> None:
        """As Fetcher."""
        if self.parts >= self._rounds:
            raise StoreUnavailable
        await super().read_part(core, deadline)


def ask(core: ChosenCore, rounds: int) -> Answer:
    return asyncio.run(Timelines(FailingFetcher(rounds), Retention(600), 1 << 20, core).read(QUERY, NOW))


def test_a_store_that_never_answered_is_unavailable(core: ChosenCore) -> None:
    with pytest.raises(StoreUnavailable):
        ask(core, rounds=0)


def test_a_failing_store_leaves_a_partial_answer(core: ChosenCore) -> None:
    answer = ask(core, rounds=1)
    assert answer.partial
    response = GetInNetworkPostsResponse.FromString(answer.body)
    assert response.partial
    assert [post.post_id for post in response.posts] == [POST.post_id]


_ANSWERS = KEYS.author(5).bucket
TWO_NODES = StoreMap(KEYS, [int(bucket != _ANSWERS) for bucket in range(KEYS.buckets)])


def part_fetcher(*posts: LightPost) -> MemoryFetcher:
    """Has a list for author 5 and a failing shard, which holds author 6 and every parent."""
    return MemoryFetcher(node_of(*posts), TWO_NODES, down=[1])


def ask_part(
    core: ChosenCore, *posts: LightPost, following: tuple[int, ...] = (5,), most: int = 10
) -> GetInNetworkPostsResponse:
    query = QUERY._replace(following=following, max_results=most)
    timelines = Timelines(part_fetcher(*posts), Retention(600), 1 << 20, core)
    return GetInNetworkPostsResponse.FromString(asyncio.run(timelines.read(query, NOW)).body)


def test_a_partial_answer_may_have_more(core: ChosenCore) -> None:
    for answer in (
        ask_part(core, POST, following=(5, 6)),
        ask_part(core, following=(5, 6)),
        ask_part(core, REPLY, following=(6,)),
    ):
        assert (answer.partial, answer.has_more) == (True, True)


def test_a_partial_answer_whose_end_is_known_has_no_more(core: ChosenCore) -> None:
    answer = ask_part(core, REPLY, POST._replace(created_at=NOW - 1))
    assert ([post.post_id for post in answer.posts], answer.partial, answer.has_more) == ([POST.post_id], True, False)


def test_a_reply_that_may_follow_the_last_post_is_more(core: ChosenCore) -> None:
    answer = ask_part(core, POST, REPLY._replace(created_at=NOW - 1))
    assert ([post.post_id for post in answer.posts], answer.partial, answer.has_more) == ([POST.post_id], True, True)


def test_one_more_than_asked_for_is_more_without_another_round(core: ChosenCore) -> None:
    older = POST._replace(post_id=6, created_at=NOW - 1)
    for posts, has_more in (((POST,), False), ((POST, older), True)):
        answer = ask_part(core, *posts, most=1)
        assert (len(answer.posts), answer.has_more, answer.partial) == (1, has_more, False)


@pytest.mark.parametrize("created_after", [NOW, 2**35 - 1, 2**63 - 1])
def test_nothing_is_newer_than_a_late_time(core: ChosenCore, created_after: int) -> None:
    timelines = Timelines(part_fetcher(POST), Retention(600), 1 << 20, core)
    answer = asyncio.run(timelines.read(QUERY._replace(created_after=created_after), NOW))
    assert (answer.body, answer.partial) == (b"", False)


def test_a_page_behind_the_oldest_time_reads_nothing(core: ChosenCore) -> None:
    query = QUERY._replace(before=Place(NOW - 601, 1))
    answer = asyncio.run(Timelines(FailingFetcher(rounds=0), Retention(600), 1 << 20, core).read(query, NOW))
    assert (answer.body, answer.partial) == (b"", False)


def test_blocked_authors_are_left_out_and_counted(core: ChosenCore) -> None:
    reposts = [POST._replace(post_id=8 + by, is_retweet=True, source_user_id=by) for by in (7, 6)]
    query = QUERY._replace(following=(5, 6), blocked_authors=frozenset({6, 99}))
    fetcher = part_fetcher(*reposts, POST)
    answer = asyncio.run(Timelines(fetcher, Retention(600), 1 << 20, core).read(query, NOW))
    assert [post.post_id for post in GetInNetworkPostsResponse.FromString(answer.body).posts] == [15, POST.post_id]
    assert (answer.partial, answer.blocked_authors, answer.blocked_reposts) == (False, 1, 1)


def test_excluded_authors_are_not_read(core: ChosenCore) -> None:
    query = QUERY._replace(following=(5, 6), excluded_authors=frozenset({6}))
    answer = asyncio.run(Timelines(part_fetcher(POST), Retention(600), 1 << 20, core).read(query, NOW))
    assert (answer.scored.posts, answer.partial) == (1, False)


def read_down_to(core: ChosenCore, query: Query) -> int | None:
    fetcher = part_fetcher(POST)
    asyncio.run(Timelines(fetcher, Retention(600), 1 << 20, core).read(query, NOW))
    name, _, _, last, *_ = parsed(fetcher.packed[0])[0]
    return int(last) if name == b"ZREVRANGEBYSCORE" else None


def test_only_reads_of_few_entries_end_at_created_after(core: ChosenCore) -> None:
    assert read_down_to(core, QUERY._replace(created_after=NOW - 60)) == NOW - 59
    assert read_down_to(core, QUERY) is None
    assert read_down_to(core, QUERY._replace(created_after=NOW - 20 * SECONDS_PER_ENTRY)) is None
