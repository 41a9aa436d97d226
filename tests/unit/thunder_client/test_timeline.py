import pickle

from thunder_client import Adjustment, Cursor, LightPost, Position, Timeline
from thunder_client.messages import GetInNetworkPostsResponse


def post(post_id: int, created_at: int) -> LightPost:
    return LightPost(post_id=post_id, author_id=1, created_at=created_at)


POSTS = [post(3, 1000), post(2, 980), post(1, 900)]


def test_a_timeline_has_what_the_response_has() -> None:
    timeline = Timeline.of(GetInNetworkPostsResponse(posts=POSTS, partial=True, has_more=True))
    assert (list(timeline.posts), timeline.partial, timeline.has_more) == (POSTS, True, True)
    assert timeline.last_position == Position(created_at=900, post_id=1)
    assert Timeline([]).last_position is None


def test_a_cursor_begins_before_the_newest_post() -> None:
    assert Cursor.at(Timeline(POSTS), 60) == Cursor(940, frozenset({3, 2}))


def test_a_cursor_after_a_partial_timeline_begins_at_its_oldest_post() -> None:
    assert Cursor.at(Timeline(POSTS, partial=True), 60) == Cursor(899, frozenset({3, 2, 1}))


def test_a_cursor_of_a_time_has_seen_nothing() -> None:
    assert Cursor.at(1000, 60) == Cursor(940)
    assert Cursor.at(10, 60) == Cursor(0)


def test_a_cursor_of_an_empty_timeline_is_at_the_beginning() -> None:
    assert Cursor.at(Timeline([]), 60) == Cursor(0) == Cursor.at(Timeline([], partial=True), 60)


def test_a_cursor_advances_and_forgets() -> None:
    cursor = Cursor(940, frozenset({3, 2}))
    assert cursor.after([post(4, 1030), *POSTS[:2]], 60, partial=False) == Cursor(970, frozenset({4, 3, 2}))


def test_a_cursor_never_goes_back() -> None:
    assert Cursor(940, frozenset({3})).after([], 60, partial=False) == Cursor(940)


def test_a_cursor_stays_after_a_partial_read() -> None:
    cursor = Cursor(940, frozenset({3, 2}))
    assert cursor.after([post(4, 1030)], 60, partial=True) == Cursor(940, frozenset({4, 3, 2}))


def test_timelines_and_cursors_can_be_pickled() -> None:
    of_response = Timeline.of(GetInNetworkPostsResponse(posts=POSTS, adjustments=[Adjustment(given=1)]))
    for value in (of_response, Cursor(940, frozenset({3}))):
        assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301
