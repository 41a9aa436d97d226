import pytest

from thunder_client import Adjustment, Cursor, LightPost, PartialTimelineError, PostQuery, Timeline
from thunder_client.messages import GetInNetworkPostsRequest, Position
from thunder_client.refreshing import RefreshReader


def posts(*ids: int) -> list[LightPost]:
    """Posts that were created at their id."""
    return [LightPost(post_id=each, created_at=each) for each in ids]


def test_a_refresh_leaves_out_what_was_returned_already() -> None:
    reader = RefreshReader(Timeline(posts(1000, 980, 900)), PostQuery(user_id=7), 60)
    assert reader.pages.request == GetInNetworkPostsRequest(user_id=7, created_after=940)
    reader.receive(Timeline(posts(1010, 1000, 990, 980)))
    refreshed = reader.result(strict=True)
    assert list(refreshed.posts) == posts(1010, 990)
    assert refreshed.cursor == Cursor(950, frozenset({1010, 1000, 990, 980}))


def test_a_refresh_reads_all_pages() -> None:
    reader = RefreshReader(Cursor(940), PostQuery(max_results=1), 60)
    reader.receive(Timeline(posts(1000), has_more=True, adjustments=[Adjustment(given=1)]))
    assert reader.pages.request.before == Position(created_at=1000, post_id=1000)
    assert reader.pages.request.created_after == 940
    reader.receive(Timeline(posts(990)))
    assert reader.pages.ended
    assert list(reader.result(strict=True).posts) == posts(1000, 990)
    assert reader.result(strict=True).adjustments == [Adjustment(given=1)]


def test_a_partial_refresh_moves_its_cursor_nowhere() -> None:
    reader = RefreshReader(Cursor(940, frozenset({950})), PostQuery(), 60)
    for _ in range(4):
        reader.receive(Timeline(posts(1010, 950), partial=True))
    refreshed = reader.result(strict=False)
    assert (list(refreshed.posts), refreshed.partial) == (posts(1010), True)
    assert refreshed.cursor == Cursor(940, frozenset({1010, 950}))
    with pytest.raises(PartialTimelineError) as raised:
        reader.result(strict=True)
    assert raised.value.timeline == refreshed


def test_limits_in_time_of_the_query_are_ignored() -> None:
    query = PostQuery(created_after=5, before=Position(created_at=1, post_id=1))
    assert RefreshReader(1000, query, 60).pages.request == GetInNetworkPostsRequest(created_after=940)
