"""Follows through the real script, on a real Redis and a real Redis Cluster."""

from collections.abc import Iterator, Mapping
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import StoreUnavailable
from common.ids import MAX_ID
from common.store.client import StoreClient
from common.store.keys import KeySpace
from common.store.scripts import FollowBounds
from ingest.events import Follow
from ingest.write.follow_writer import FollowWriter
from tests.integration.ingest.follow_model import followed
from tests.support.redis.follow_graph import FollowGraph, follow_graph
from tests.support.redis.servers import RedisCluster
from tests.support.unused import free_port

NOW = 1_790_000_000
DAY = 86_400
VIEWER, OTHER_VIEWER = 17, MAX_ID
ANNA, BEN, CLEO = MAX_ID, MAX_ID - 1, 30  # a number of Lua could not tell the first two apart
FIRST, SECOND = MAX_ID - 2, MAX_ID - 3  # ids of follows
MOMENTS = range(NOW, NOW + 4)


def follow(target_id: int, follow_id: int = 0, at: int = NOW) -> Follow:
    return Follow(VIEWER, target_id, follow_id, at)


def unfollow(target_id: int = 0, follow_id: int = 0, at: int = NOW) -> Follow:
    return Follow(VIEWER, target_id, follow_id, at, removed=True)


@pytest.fixture
def graph(store_url: str) -> Iterator[FollowGraph]:
    with follow_graph(store_url) as graph:
        yield graph


viewers = st.sampled_from([VIEWER, OTHER_VIEWER])
targets = st.sampled_from([ANNA, BEN])
follow_ids = st.sampled_from([FIRST, SECOND])
moments = st.sampled_from(MOMENTS)
target_of_named_follows = st.fixed_dictionaries({(id_, at): targets for id_ in (FIRST, SECOND) for at in MOMENTS})


def events_of(target_of: Mapping[tuple[int, int], int]) -> st.SearchStrategy[list[Follow]]:
    """Events of few viewers, targets, ids and moments, so that they meet. A follow's id and time tell its target."""

    def named_follow(viewer_id: int, follow_id: int, at: int) -> Follow:
        return Follow(viewer_id, target_of[follow_id, at], follow_id, at)

    named = st.builds(named_follow, viewers, follow_ids, moments)
    nameless = st.builds(Follow, viewers, targets, st.just(0), moments)
    name_removed = st.builds(Follow, viewers, st.just(0) | targets, follow_ids, moments, st.just(True))
    target_removed = st.builds(Follow, viewers, targets, st.just(0), moments, st.just(True))
    return st.lists(named | nameless | name_removed | target_removed, max_size=20)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), events=target_of_named_follows.flatmap(events_of))
def test_follows_match_the_model_in_any_order(graph: FollowGraph, data: st.DataObject, events: list[Follow]) -> None:
    graph.flush()
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=10)) if events else []
    arriving = data.draw(st.permutations(events + repeated))
    while arriving:
        size = data.draw(st.integers(1, len(arriving)))
        graph.write(*arriving[:size], now=NOW)
        arriving = arriving[size:]
    for viewer in (VIEWER, OTHER_VIEWER):
        assert graph.followed(viewer) == followed(events, viewer)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([follow(ANNA, FIRST), unfollow(follow_id=FIRST, at=NOW + 1), follow(ANNA, FIRST, NOW + 2)], {ANNA: NOW + 2}),
        ([follow(ANNA, FIRST), follow(ANNA, SECOND, NOW + 1), unfollow(ANNA, SECOND, NOW + 1)], {ANNA: NOW}),
        ([follow(ANNA, FIRST), follow(ANNA), unfollow(follow_id=FIRST, at=NOW + 1)], {ANNA: NOW}),
        ([follow(ANNA, FIRST), follow(ANNA), unfollow(ANNA)], {}),
        ([follow(ANNA, FIRST), follow(BEN, FIRST, NOW + 1)], {BEN: NOW + 1}),
        ([follow(ANNA, FIRST), follow(BEN, FIRST, NOW + 1), unfollow(BEN, at=NOW + 2)], {}),
    ],
    ids=["followed again", "one of two ended", "a nameless one stays", "all ended", "id used again", "nor comes back"],
)
def test_every_order_of_a_short_history_ends_alike(
    graph: FollowGraph, events: list[Follow], expected: dict[int, int]
) -> None:
    for order in permutations(events):
        graph.flush()
        for event in order:
            graph.write(event, now=NOW)
        assert graph.followed(VIEWER) == expected == followed(events, VIEWER)


def test_a_removal_that_names_the_follow_alone_ends_it(graph: FollowGraph) -> None:
    graph.write(follow(ANNA, FIRST, NOW), follow(BEN, SECOND, NOW + 1), now=NOW)
    graph.write(unfollow(follow_id=FIRST, at=NOW + 2), now=NOW)
    assert graph.followed(VIEWER) == {BEN: NOW + 1}


def test_newest_follow_is_first_and_may_be_repeated(graph: FollowGraph) -> None:
    graph.write(*(follow(target, at=NOW + place) for place, target in enumerate([BEN, ANNA, CLEO, BEN])), now=NOW)
    assert list(graph.followed(VIEWER).items()) == [(BEN, NOW + 3), (CLEO, NOW + 2), (ANNA, NOW + 1)]


def test_many_viewers_are_written_at_once(graph: FollowGraph) -> None:
    events = [Follow(viewer, target, 0, NOW + target) for viewer in range(1, 301) for target in (1, 2, 3)]
    graph.write(*events, now=NOW)
    assert all(list(graph.followed(viewer)) == [3, 2, 1] for viewer in range(1, 301))


def test_newest_follows_stay_above_the_cap(graph: FollowGraph) -> None:
    bounds = FollowBounds(cap=3)
    graph.write(*(follow(id_, 100 + id_, NOW + id_) for id_ in range(1, 11)), now=NOW, bounds=bounds)
    graph.write(follow(99, 199, NOW), now=NOW, bounds=bounds)
    assert list(graph.followed(VIEWER)) == [10, 9, 8]
    assert graph.sizes(VIEWER) == (3, 2 * 3, 0)


def test_ten_thousand_follows_are_kept(graph: FollowGraph) -> None:
    graph.write(*(follow(id_, 100_000 + id_, NOW + id_) for id_ in range(1, 10_006)), now=NOW)
    assert list(graph.followed(VIEWER)) == [*range(10_005, 5, -1)]


def test_follows_of_one_target_are_kept_apart_up_to_a_bound(graph: FollowGraph) -> None:
    graph.write(*(follow(ANNA, id_, NOW + id_) for id_ in range(1, 101)), now=NOW)
    assert graph.followed(VIEWER) == {ANNA: NOW + 100}
    assert graph.sizes(VIEWER) == (1, 17, 0)


def test_removals_are_forgotten_after_a_time_and_above_a_number(graph: FollowGraph) -> None:
    graph.write(unfollow(ANNA, at=NOW), unfollow(follow_id=FIRST, at=NOW + DAY), now=NOW)
    graph.write(unfollow(CLEO, at=NOW + 31 * DAY), now=NOW + 31 * DAY)
    assert graph.sizes(VIEWER) == (0, 0, 2)
    many = [unfollow(follow_id=id_, at=NOW + 31 * DAY + id_) for id_ in range(1, 21)]
    graph.write(*many, now=NOW + 31 * DAY, bounds=FollowBounds(cap=5))
    assert graph.sizes(VIEWER) == (0, 0, 5)
    graph.write(follow(BEN, 20, NOW + 31 * DAY), now=NOW + 31 * DAY)
    assert graph.followed(VIEWER) == {}


def test_a_removal_of_long_ago_still_ends_its_follow(graph: FollowGraph) -> None:
    graph.write(follow(ANNA, FIRST, NOW), now=NOW)
    graph.write(unfollow(follow_id=FIRST, at=NOW + 1), now=NOW + 400 * DAY)
    assert graph.sizes(VIEWER) == (0, 0, 0)


def test_who_ends_every_follow_leaves_no_key_without_a_ttl(graph: FollowGraph) -> None:
    graph.write(*(follow(id_, 100 + id_) for id_ in range(1, 6)), follow(ANNA), now=NOW)
    graph.write(*(unfollow(follow_id=100 + id_) for id_ in range(1, 6)), unfollow(ANNA), now=NOW)
    assert graph.sizes(VIEWER) == (0, 0, 6)


def test_what_healthy_nodes_hold_is_written_when_another_is_gone(redis_cluster: RedisCluster) -> None:
    redis_cluster.flush()
    everyone = [Follow(viewer, ANNA, 0, NOW) for viewer in range(1, 100)]
    store_client = StoreClient(redis_cluster.url, 256, timeout_seconds=0.5)
    writer = FollowWriter(store_client, KeySpace())
    writer.write([unfollow(BEN)], NOW)  # now it knows the nodes
    with redis_cluster.nodes[0].frozen(), pytest.raises(StoreUnavailable):
        writer.write(everyone, NOW)
    with follow_graph(redis_cluster.url) as graph:
        # Two of three nodes took theirs at once; the third may have done so when it went on.
        assert sum(graph.followed(viewer) != {} for viewer in range(1, 100)) > 50
        writer.write(everyone, NOW)
        assert all(graph.followed(viewer) for viewer in range(1, 100))
    store_client.close()


def test_without_redis_the_store_is_unavailable() -> None:
    store_client = StoreClient(f"redis://127.0.0.1:{free_port()}", 256, timeout_seconds=1)
    with pytest.raises(StoreUnavailable):
        FollowWriter(store_client, KeySpace()).write([follow(ANNA)], NOW)
