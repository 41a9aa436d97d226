"""Random histories: pages, created_after and excluded authors against the list that they are parts of."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsResponse, LightPost
from common.retention import Retention
from serve.query import Place, Query
from serve.timeline.cores import ChosenCore
from serve.timeline.timeline import Timelines
from tests.support.conformance.histories import AUTHORS, HISTORIES, QUERIES, RETENTION, START, Step, is_accepted
from tests.support.conformance.model import Model
from tests.unit.serve.memory_fetcher import MemoryFetcher, node_of_model

MANY = 1000


class World:
    """A store after a history."""

    def __init__(self, history: list[Step], core: ChosenCore) -> None:
        self._core = core
        self.now = START
        self.model = Model(RETENTION)
        for step in history:
            self.now += step.wait
            self.model.apply([event for event in step.batch if is_accepted(event, self.now)], self.now)
        self._node = node_of_model(self.model, self.now)

    def ask(self, query: Query) -> GetInNetworkPostsResponse:
        fetcher = MemoryFetcher(self._node)
        timelines = Timelines(fetcher, Retention(RETENTION), 1 << 20, self._core)
        answer = asyncio.run(timelines.read(query, self.now))
        assert not answer.partial
        return GetInNetworkPostsResponse.FromString(answer.body)

    def posts(self, query: Query) -> list[LightPost]:
        """Everything that the query would give without `before` and without a limit."""
        return list(self.ask(query._replace(before=None, max_results=MANY)).posts)

    def pages(self, query: Query) -> Iterator[list[LightPost]]:
        """Pages until has_more is false."""
        query = query._replace(before=None)
        while True:
            page = self.ask(query)
            yield list(page.posts)
            if not page.has_more:
                return
            last = page.posts[-1]
            query = query._replace(before=Place(last.created_at, last.post_id))


@given(history=HISTORIES, query=QUERIES)
def test_pages_together_are_the_whole_list(core: ChosenCore, history: list[Step], query: Query) -> None:
    world = World(history, core)
    pages = list(world.pages(query))
    assert [post for page in pages for post in page] == world.posts(query)
    assert all(len(page) == query.max_results for page in pages[:-1])
    assert all(left[-1].created_at >= right[0].created_at for left, right in pairwise(pages))


@given(history=HISTORIES, query=QUERIES, time=st.integers(START - RETENTION, START + RETENTION))
def test_created_after_is_the_newer_part_of_the_list(
    core: ChosenCore, history: list[Step], query: Query, time: int
) -> None:
    world = World(history, core)
    everything = world.posts(query._replace(created_after=0))
    newer = [post for post in everything if post.created_at > time]
    assert world.posts(query._replace(created_after=time)) == newer


@given(history=HISTORIES, query=QUERIES, hidden=st.frozensets(AUTHORS, min_size=1))
def test_excluded_authors_never_appear(
    core: ChosenCore, history: list[Step], query: Query, hidden: frozenset[int]
) -> None:
    world = World(history, core)
    for only in ({"excluded_authors": hidden}, {"blocked_authors": hidden}):
        posts = world.posts(query._replace(**only))
        assert not [post for post in posts if post.author_id in hidden]
        assert not [post for post in posts if post.is_retweet and post.source_user_id in hidden]


@given(history=HISTORIES, query=QUERIES)
def test_excluded_kinds_never_appear(core: ChosenCore, history: list[Step], query: Query) -> None:
    posts = World(history, core).posts(query)
    assert not (query.exclude_replies and any(post.is_reply for post in posts))
    assert not (query.exclude_reposts and any(post.is_retweet for post in posts))


@given(history=HISTORIES, query=QUERIES)
def test_every_answer_is_that_of_the_model(core: ChosenCore, history: list[Step], query: Query) -> None:
    world = World(history, core)
    answer, page = world.ask(query), world.model.page(query, world.now)
    assert ([post.post_id for post in answer.posts], answer.has_more) == page
