import asyncio

from hypothesis import given
from hypothesis import strategies as st

from common.errors import StoreUnavailable
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsResponse
from common.post import LightPost
from common.retention import Retention
from serve.deadline import Deadline
from serve.query import Caps, Query
from serve.timeline.cores import ChosenCore
from serve.timeline.read_core import ReadCore
from serve.timeline.read_plan import AUTHORS_PER_PART, ENTRIES_PER_PART, Part, parts_of
from serve.timeline.timeline import Timelines
from tests.support.conformance.model import Model
from tests.unit.serve.memory_fetcher import MemoryFetcher, node_of_model

NOW = 1_790_000_000
AUTHORS = 1200
QUERY = Query(1, tuple(range(1, AUTHORS + 1)), frozenset(), 1500, video=False, caps=Caps(50, 30, 100, 500))


class FailingFetcher(MemoryFetcher):
    """Fails from a number of parts on."""

    def __init__(self, model: Model, fails_from: int) -> None:
        super().__init__(node_of_model(model, NOW))
        self._fails_from = fails_from

    async def read_part(self, core: ReadCore, deadline: Deadline) -> None:
        """As Fetcher."""
        if self.parts >= self._fails_from:
            raise StoreUnavailable
        await super().read_part(core, deadline)


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


def read(core: ChosenCore, fetcher: MemoryFetcher) -> GetInNetworkPostsResponse:
    answer = asyncio.run(Timelines(fetcher, Retention(3600), 1 << 26, core).read(QUERY, NOW))
    return GetInNetworkPostsResponse.FromString(answer.body)


def test_a_wide_request_is_read_in_parts_and_exact(core: ChosenCore) -> None:
    model = filled_model()
    fetcher = MemoryFetcher(node_of_model(model, NOW))
    response = read(core, fetcher)
    assert [post.post_id for post in response.posts] == model.read(QUERY, NOW)
    assert not response.partial
    assert fetcher.widest <= AUTHORS_PER_PART
    assert fetcher.parts >= AUTHORS / AUTHORS_PER_PART


def test_a_failure_in_a_later_part_leaves_a_partial_answer(core: ChosenCore) -> None:
    response = read(core, FailingFetcher(filled_model(), fails_from=2))
    assert response.partial
    assert 0 < len({post.author_id for post in response.posts}) <= 2 * AUTHORS_PER_PART


def test_an_ordinary_request_is_one_part() -> None:
    assert parts_of(range(200), [], 200 * 12) == [Part(range(200), [])]


@given(st.lists(st.integers(4, 64), max_size=1500), st.integers(0, 5000))
def test_parts_are_bounded_and_hold_everything_once(depths: list[int], parents: int) -> None:
    authors, looked_up = list(range(len(depths))), [b"%d" % number for number in range(parents)]
    parts = parts_of(authors, looked_up, sum(depths))
    assert [author for part in parts for author in part.authors] == authors
    assert [parent for part in parts for parent in part.parents] == looked_up
    assert all(any(part) for part in parts) or parts == [([], [])]
    assert all(len(part.authors) <= AUTHORS_PER_PART for part in parts)
    assert all(len(part.parents) <= ENTRIES_PER_PART for part in parts)
