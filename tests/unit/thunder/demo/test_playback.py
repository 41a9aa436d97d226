from pathlib import Path

import pytest

from common.errors import ConfigurationError
from common.post import LightPost
from ingest.events import AuthorDelete, PostDelete
from ingest.refined import decode_event
from thunder.demo.feed import Entrance, Feed
from thunder.demo.playback import moved, playback

JETSTREAM = Path(__file__).parents[3] / "data" / "jetstream_recording.jsonl"
NOW = 1_800_000_000
RETENTION = 172_800


def write_events(folder: Path, *created_at: int) -> Path:
    path = folder / "events.jsonl"
    line = '{{"tweetCreateEvent": {{"postId": {}, "authorId": 7, "createdAt": {}}}}}\n'
    path.write_text("".join(line.format(number, at) for number, at in enumerate(created_at, start=1)))
    return path


def created_at(feed: Feed) -> list[int]:
    events = [decode_event(message.payload) for message in feed.messages]
    return [event.created_at for event in events if isinstance(event, LightPost)]


def test_a_jetstream_ends_now_and_goes_past_the_transformer() -> None:
    feed = playback(JETSTREAM, NOW, RETENTION)

    events = [decode_event(message.payload) for message in feed.messages]
    assert feed.entrance is Entrance.REFINED
    assert [type(event).__name__ for event in events].count("LightPost") == 13
    assert AuthorDelete in {type(event) for event in events}
    assert events[-1] == next(event for event in events if isinstance(event, LightPost) and event.created_at == NOW - 1)


def test_what_is_told_of_a_jetstream() -> None:
    feed = playback(JETSTREAM, NOW, RETENTION)

    assert feed.viewer.description == "did:plc:davexxxxxxxxxxxxxxxxxxxx, who follows 2 people"
    summary, shift = feed.notes
    assert "13 posts, replies and reposts, 2 deletions, 1 deleted accounts, 4 follow events" in summary
    assert "1 like" in summary
    assert shift == "Its times are moved forward by 462 d, so that its newest event is now"
    assert feed.facts["lines"] == 27
    assert feed.facts["moved_seconds"] == NOW - 1_760_000_027


def test_fresh_events_of_ones_own_keep_their_times(tmp_path: Path) -> None:
    feed = playback(write_events(tmp_path, NOW - 500, NOW - 50), NOW, RETENTION)

    assert created_at(feed) == [NOW - 500, NOW - 50]
    assert "Its times are left as they are" in feed.notes


@pytest.mark.parametrize("newest", [NOW - RETENTION, NOW + 1_000])
def test_events_that_could_not_be_shown_are_moved(newest: int, tmp_path: Path) -> None:
    feed = playback(write_events(tmp_path, newest - 60, newest), NOW, RETENTION)

    assert created_at(feed) == [NOW - 60, NOW]
    assert any("are moved" in note for note in feed.notes)


def test_bad_lines_are_named_up_to_a_point(tmp_path: Path) -> None:
    path = write_events(tmp_path, NOW)
    path.write_text(path.read_text() + "oops\n" * 8)

    notes = playback(path, NOW, RETENTION).notes

    named = [note for note in notes if note.startswith("Line ")]
    assert [note.partition(":")[0] for note in named] == [f"Line {number} is skipped" for number in range(2, 7)]
    assert notes[-1] == "3 more bad lines are skipped"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [("", "holds no post"), ("oops\n", "Line 1 is skipped"), (None, "cannot read .*: No such file")],
)
def test_a_file_without_posts_is_an_error_that_says_why(content: str | None, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    if content is not None:
        path.write_text(content)

    with pytest.raises(ConfigurationError, match=complaint):
        playback(path, NOW, RETENTION)


def test_times_that_no_clock_shows_are_left_alone() -> None:
    assert moved(LightPost(1, 2, 2**62), 10) == LightPost(1, 2, 2**62)
    assert moved(PostDelete(1, 0), 10) == PostDelete(1, 0)
    assert moved(AuthorDelete(1, 50), 10) == AuthorDelete(1, 60)
