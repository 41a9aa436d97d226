import pytest

from common.ids import MAX_ID
from common.post import MAX_CREATED_AT, LightPost
from common.store.member import encode_member
from serve.query import Caps, Place, Query
from serve.timeline.read_plan import (
    AUTHORS_PER_PART,
    ENTRIES_PER_PART,
    SECONDS_PER_ENTRY,
    SHALLOWEST,
    Part,
    authors_to_read,
    ends_at_floor,
    first_depth,
    parts_of,
    plain_depth,
    wire_bytes,
)

NOW = 1_790_000_000
QUERY = Query(1, tuple(range(1, 201)), frozenset(), 1200, video=False, caps=Caps(50, 30, 100, 500))


@pytest.mark.parametrize(
    ("follows", "results", "depth"), [(50, 1200, 48), (200, 1200, 12), (200, 100, SHALLOWEST), (1, 1200, 81), (1, 5, 6)]
)
def test_plain_depth_follows_from_results_and_caps(follows: int, results: int, depth: int) -> None:
    assert first_depth(QUERY._replace(following=tuple(range(follows)), max_results=results), NOW) == depth


def test_depth_without_a_page_is_that_of_the_cost() -> None:
    assert plain_depth(200, 1200, 80) == first_depth(QUERY, NOW)
    assert plain_depth(0, 1200, 80) == 81


@pytest.mark.parametrize(("entries", "depth"), [(-1, SHALLOWEST), (0, SHALLOWEST), (3, SHALLOWEST + 3), (100, 12)])
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


@pytest.mark.parametrize(("entries", "ends"), [(0, True), (11, True), (12, False), (100, False)])
def test_lists_are_read_down_to_a_time_only_when_that_is_less(entries: int, *, ends: bool) -> None:
    assert ends_at_floor(QUERY._replace(created_after=NOW - entries * SECONDS_PER_ENTRY), NOW) is ends


def test_a_request_without_a_time_is_read_by_rank() -> None:
    assert not ends_at_floor(QUERY, 100)
    assert ends_at_floor(QUERY._replace(created_after=1), 100)


def test_no_entry_is_longer_on_the_wire_than_is_counted() -> None:
    ids = dict.fromkeys((name for name in LightPost._fields if name.endswith("_id")), MAX_ID)
    flags = {"is_retweet": True, "is_reply": True, "has_video": True}
    longest = encode_member(LightPost(MAX_ID, MAX_ID, MAX_CREATED_AT)._replace(**ids, **flags))
    assert wire_bytes(3) >= 3 * len(b"$%d\r\n%b\r\n" % (len(longest), longest))


def test_a_wide_round_is_split_into_equal_parts() -> None:
    authors, parents = range(AUTHORS_PER_PART + 50), [b"1", b"2", b"3"]
    assert parts_of(authors[:AUTHORS_PER_PART], parents, 0) == [Part(authors[:AUTHORS_PER_PART], parents)]
    assert parts_of(authors, parents, 0) == [Part(authors[:150], parents[:1]), Part(authors[150:], parents[1:])]


def test_a_deep_round_is_split_too() -> None:
    assert parts_of([5, 6], [], ENTRIES_PER_PART) == [Part([5, 6], [])]
    assert parts_of([5, 6], [b"1"], ENTRIES_PER_PART) == [Part([5], []), Part([6], [b"1"])]


def test_parts_without_anything_to_read_are_left_out() -> None:
    assert parts_of([5], [], 3 * ENTRIES_PER_PART) == [Part([5], [])]
