import pytest

from common.post import LightPost
from ingest.events import AuthorDelete, Event, Follow, PostDelete
from ingest.sources.jsonl.shifted_times import shifted


@pytest.mark.parametrize(
    ("event", "later"),
    [
        (LightPost(1, 2, 50, has_video=True), LightPost(1, 2, 60, has_video=True)),
        (PostDelete(1, 50), PostDelete(1, 60)),
        (AuthorDelete(1, 50), AuthorDelete(1, 60)),
        (Follow(1, 2, 3, 50, removed=True), Follow(1, 2, 3, 60, removed=True)),
    ],
)
def test_an_event_keeps_everything_but_its_time(event: Event | Follow, later: Event | Follow) -> None:
    assert shifted(event, 10) == later


@pytest.mark.parametrize("event", [LightPost(1, 2, 2**62), LightPost(1, 2, -5), PostDelete(1, 0)])
def test_times_that_no_clock_shows_are_left_alone(event: Event) -> None:
    assert shifted(event, 10) == event
