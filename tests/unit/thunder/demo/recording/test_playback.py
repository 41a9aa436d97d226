import gzip
from pathlib import Path

import pytest

from common.errors import ConfigurationError
from common.post import LightPost
from ingest.decode.refined_event import decode_event
from ingest.events import AuthorDelete
from thunder.demo.event_feed import EventFeed, InputTopic
from thunder.demo.recording.playback import open_recording, playback

JETSTREAM = Path(__file__).parents[4] / "data" / "jetstream_recording.jsonl"
NOW = 1_800_000_000
RETENTION = 172_800


def write_events(folder: Path, *created_at: int) -> Path:
    path = folder / "events.jsonl"
    line = '{{"tweetCreateEvent": {{"postId": {}, "authorId": 7, "createdAt": {}}}}}\n'
    path.write_text("".join(line.format(number, at) for number, at in enumerate(created_at, start=1)))
    return path


def play(path: Path) -> EventFeed:
    return playback(open_recording(path), path.name, NOW, RETENTION)


def created_at(feed: EventFeed) -> list[int]:
    events = [decode_event(message.payload) for message in feed.messages]
    return [event.created_at for event in events if isinstance(event, LightPost)]


def test_jetstream_ends_now_and_skips_the_transformer() -> None:
    feed = play(JETSTREAM)

    events = [decode_event(message.payload) for message in feed.messages]
    assert feed.input_topic is InputTopic.REFINED
    assert [type(event).__name__ for event in events].count("LightPost") == 13
    assert AuthorDelete in {type(event) for event in events}
    assert events[-1] == next(event for event in events if isinstance(event, LightPost) and event.created_at == NOW - 1)


def test_notes_and_facts_of_a_jetstream() -> None:
    feed = play(JETSTREAM)

    assert feed.viewer.description == "did:plc:davexxxxxxxxxxxxxxxxxxxx, who follows 2 people"
    summary, shift = feed.notes
    assert summary == (
        "jetstream_recording.jsonl, a recording of Bluesky. Posts, replies and reposts: 13, deletions: 2, "
        "deleted accounts: 1, follow events: 4. Ignored: like 1, block 1, profile 1, other 1, update 1, identity 1, "
        "account 1"
    )
    assert shift == "Its times are moved forward by 462 d, so that its newest event is now"
    assert feed.facts["lines"] == 27
    assert feed.facts["moved_seconds"] == NOW - 1_760_000_027


def test_events_within_retention_keep_their_times(tmp_path: Path) -> None:
    feed = play(write_events(tmp_path, NOW - 500, NOW - 50))

    assert created_at(feed) == [NOW - 500, NOW - 50]
    assert "Its times are left as they are" in feed.notes


@pytest.mark.parametrize("newest", [NOW - RETENTION, NOW + 1_000])
def test_events_outside_retention_are_moved(newest: int, tmp_path: Path) -> None:
    feed = play(write_events(tmp_path, newest - 60, newest))

    assert created_at(feed) == [NOW - 60, NOW]
    assert any("are moved" in note for note in feed.notes)


def test_notes_list_some_bad_lines(tmp_path: Path) -> None:
    path = write_events(tmp_path, NOW)
    path.write_text(path.read_text() + "oops\n" * 8)

    notes = play(path).notes

    named = [note for note in notes if note.startswith("Line ")]
    assert [note.partition(":")[0] for note in named] == [f"Line {number} is skipped" for number in range(2, 7)]
    assert notes[-1] == "3 more bad lines are skipped"


def test_a_recording_plays_the_same_in_every_form(tmp_path: Path) -> None:
    lines = JETSTREAM.read_bytes()
    array = b"[%s]" % b",".join(line for line in lines.splitlines() if line.strip())
    meanings: list[object] = []
    for content in (lines, gzip.compress(lines), array, gzip.compress(array)):
        path = tmp_path / "recording"
        path.write_bytes(content)
        feed = play(path)
        meanings.append(([*feed.messages], feed.viewer, feed.notes, feed.facts))
    assert all(meaning == meanings[0] for meaning in meanings)


def test_a_bad_element_of_an_array_is_named(tmp_path: Path) -> None:
    path = write_events(tmp_path, NOW)
    path.write_text(f"[{path.read_text()}, oops]")
    assert any(note.startswith("Element 2 is skipped: ") for note in play(path).notes)


def test_a_file_of_another_format_is_named_with_the_cure(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl.xz"
    path.write_bytes(b"\xfd7zXZ\x00...")
    with pytest.raises(ConfigurationError, match=r"events\.jsonl\.xz is compressed with xz: unpack it \(xz -d\)"):
        open_recording(path)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [("", "holds no post"), ("oops\n", "Line 1 is skipped"), (None, "cannot read .*: No such file")],
)
def test_file_without_posts_is_an_error(content: str | None, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    if content is not None:
        path.write_text(content)

    with pytest.raises(ConfigurationError, match=complaint):
        open_recording(path)
