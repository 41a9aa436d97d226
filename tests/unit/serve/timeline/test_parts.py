import asyncio
from collections import ChainMap

from hypothesis import given
from hypothesis import strategies as st

from common.errors import StoreUnavailable
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsResponse
from common.post import LightPost
from common.retention import Retention
from serve.deadline import Deadline
from serve.query import Caps, Query
from serve.timeline.read_plan import AUTHORS_PER_PART, ENTRIES_PER_PART, FetchRequest, FetchResult, parts_of
from serve.timeline.timeline import Timelines
from tests.support.conformance.model import Model
from tests.unit.serve.memory_fetcher import MemoryFetcher

NOW = 1_790_000_000
AUTHORS = 1200
QUERY = Query(1, tuple(range(1, AUTHORS + 1)), frozenset(), 1500, video=False, caps=Caps(50, 30, 100, 500))


class CountingFetcher(MemoryFetcher):
    """Keeps the widest fetch; fails from a number of fetches on."""

    def __init__(self, model: Model, fails_from: int = 1 << 30) -> None:
        super().__init__(model, NOW)
        self._fails_from = fails_from
        self.widest = 0

    async def fetch(self, request: FetchRequest, deadline: Deadline) -> FetchResult:
        """As Fetcher."""
        self.widest = max(self.widest, len(request.depths))
        if self.rounds >= self._fails_from:
            raise StoreUnavailable
        return await super().fetch(request, deadline)


def filled_model() -> Model:
    """Two posts of every author, and thirty of a few, which are read deeper."""
    model = Model(3600)
    posts = [
        LightPost(author * 100 + number, author, NOW - author % 50 - number)
        for author in QUERY.following
        for number in range(2)
    ]
    posts += [
        LightPost(author * 100 + number, author, NOW - number)
        for author in range(1, 1200, 97)
        for number in range(2, 30)
    ]
    model.apply(posts, NOW)
    return model


def read(fetcher: MemoryFetcher) -> GetInNetworkPostsResponse:
    answer = asyncio.run(Timelines(fetcher, Retention(3600), max_bytes=1 << 26).read(QUERY, NOW))
    return GetInNetworkPostsResponse.FromString(answer.body)


def test_a_wide_request_is_read_in_parts_and_exact() -> None:
    model = filled_model()
    fetcher = CountingFetcher(model)
    response = read(fetcher)
    assert [post.post_id for post in response.posts] == model.read(QUERY, NOW)
    assert not response.partial
    assert fetcher.widest <= AUTHORS_PER_PART
    assert fetcher.rounds >= AUTHORS / AUTHORS_PER_PART


def test_a_failure_in_a_later_part_leaves_a_partial_answer() -> None:
    response = read(CountingFetcher(filled_model(), fails_from=2))
    assert response.partial
    assert 0 < len({post.author_id for post in response.posts}) <= 2 * AUTHORS_PER_PART


def test_an_ordinary_request_is_one_part() -> None:
    request = FetchRequest(dict.fromkeys(range(200), 12), [], False)
    assert list(parts_of(request)) == [request]


Depths = st.dictionaries(st.integers(1, 10**6), st.integers(4, 64), max_size=1500)


@given(Depths, st.integers(0, 5000))
def test_parts_are_bounded_and_hold_everything_once(depths: dict[int, int], parents: int) -> None:
    request = FetchRequest(depths, [b"%d" % number for number in range(parents)], video=True)
    parts = list(parts_of(request))
    assert dict(ChainMap(*(dict(part.depths) for part in parts))) == depths
    assert sum(len(part.depths) for part in parts) == len(depths)
    assert [parent for part in parts for parent in part.parents] == request.parents
    assert all(part.video and (part.depths or part.parents) for part in parts) or parts == [request]
    assert all(len(part.depths) <= AUTHORS_PER_PART for part in parts)
    assert all(len(part.parents) <= ENTRIES_PER_PART for part in parts)
