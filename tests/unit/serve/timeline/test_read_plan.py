import pytest

from serve.query import Caps, Place, Query
from serve.timeline.read_plan import SECONDS_PER_ENTRY, SHALLOWEST, authors_to_read, first_depth

NOW = 1_790_000_000
QUERY = Query(1, tuple(range(1, 201)), frozenset(), 1200, video=False, caps=Caps(50, 30, 100, 500))


@pytest.mark.parametrize(
    ("follows", "results", "depth"), [(50, 1200, 48), (200, 1200, 12), (200, 100, SHALLOWEST), (1, 1200, 81), (1, 5, 6)]
)
def test_plain_depth_follows_from_results_and_caps(follows: int, results: int, depth: int) -> None:
    assert first_depth(QUERY._replace(following=tuple(range(follows)), max_results=results), NOW) == depth


@pytest.mark.parametrize(("entries", "depth"), [(0, SHALLOWEST), (3, SHALLOWEST + 3), (100, 12)])
def test_created_after_makes_reads_shallow(entries: int, depth: int) -> None:
    assert first_depth(QUERY._replace(created_after=NOW - entries * SECONDS_PER_ENTRY), NOW) == depth


@pytest.mark.parametrize(("entries", "depth"), [(0, 12), (3, 15), (1000, 81)])
def test_pages_are_read_deeper_up_to_the_caps(entries: int, depth: int) -> None:
    assert first_depth(QUERY._replace(before=Place(NOW - entries * SECONDS_PER_ENTRY, 1)), NOW) == depth


def test_hidden_authors_are_not_read() -> None:
    query = QUERY._replace(following=(1, 2, 3, 4), excluded_authors=frozenset({2, 9}), blocked_authors=frozenset({3}))
    assert authors_to_read(QUERY) is QUERY.following
    assert list(authors_to_read(query)) == [1, 4]
    assert list(authors_to_read(query._replace(excluded_authors=frozenset()))) == [1, 2, 4]
