"""Turns a recording into a feed: its times are moved to the present, and a viewer is chosen. Reads the file."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from common.errors import ConfigurationError
from common.post import LightPost
from ingest.decode.refined_event import encode_event, event_key
from ingest.events import AuthorDelete, Event, PostDelete
from ingest.sources.jsonl.recordings import lines_of_file
from ingest.sources.jsonl.shifted_times import shifted
from thunder.cli.text import in_words
from thunder.demo.event_feed import EventFeed, FeedMessage, InputTopic
from thunder.demo.recording.file import Recording, RecordingFormat, read_recording
from thunder.demo.recording.viewer import choose_viewer
from thunder.demo.social_graph import graph_around

_NAMED_BAD_LINES = 5


def open_recording(path: Path) -> Recording:
    """Reads a file. Raises ConfigurationError: it cannot be read, or holds no post. Blocks."""
    recording = read_recording(lines_of_file(path))
    if not any(isinstance(event, LightPost) for event in recording.events):
        raise ConfigurationError("\n".join((f"{path} holds no post to show", *_bad_line_notes(recording))))
    return recording


def playback(recording: Recording, name: str, now: int, retention_seconds: int) -> EventFeed:
    """The events of a recording of that name, in order, all due at once, with times that suit the present."""
    shift, viewer = _shift(recording, now, retention_seconds), choose_viewer(recording)
    return EventFeed(
        InputTopic.REFINED,
        _messages(recording.events, shift),
        viewer,
        recording.name_of,
        (_summary(recording, name), _shift_note(shift), *_bad_line_notes(recording)),
        _facts(recording, shift),
        graph_around(viewer, recording.follows, recording.dids, now),
    )


def _shift(recording: Recording, now: int, retention_seconds: int) -> int:
    """Seconds to add so that the recording ends now; 0 for InNetworkEvents that are within the retention."""
    is_fresh = 0 <= now - recording.newest < retention_seconds
    if recording.format is RecordingFormat.IN_NETWORK_EVENTS and is_fresh:
        return 0
    return now - recording.newest


def _messages(events: Sequence[Event], shift: int) -> Iterator[FeedMessage]:
    for event in events:
        author_id = event.author_id if isinstance(event, LightPost) else None
        yield FeedMessage(0.0, author_id, event_key(event), encode_event(shifted(event, shift)))


def _summary(recording: Recording, name: str) -> str:
    what = "a recording of Bluesky" if recording.format is RecordingFormat.JETSTREAM else "events"
    kinds = Counter(type(event) for event in recording.events)
    counts = {
        "Posts, replies and reposts": kinds[LightPost],
        "deletions": kinds[PostDelete],
        "deleted accounts": kinds[AuthorDelete],
        "follow events": len(recording.follows),
    }
    contents = ", ".join(f"{kind}: {count:,}" for kind, count in counts.items() if count)
    ignored = ", ".join(f"{kind} {count:,}" for kind, count in recording.ignored.most_common())
    return f"{name}, {what}. {contents}" + (f". Ignored: {ignored}" if ignored else "")


def _shift_note(shift: int) -> str:
    if shift == 0:
        return "Its times are left as they are"
    direction = "forward" if shift > 0 else "back"
    return f"Its times are moved {direction} by {in_words(abs(shift))}, so that its newest event is now"


def _bad_line_notes(recording: Recording) -> tuple[str, ...]:
    bad = recording.bad_lines
    named = tuple(f"{line.unit.capitalize()} {line.number} is skipped: {line.why}" for line in bad[:_NAMED_BAD_LINES])
    rest = len(bad) - len(named)
    return (*named, f"{rest:,} more bad lines are skipped") if rest else named


def _facts(recording: Recording, shift: int) -> dict[str, object]:
    return {
        "format": recording.format.value,
        "lines": recording.lines,
        "events": len(recording.events),
        "follows": len(recording.follows),
        "ignored": dict(recording.ignored),
        "bad_lines": len(recording.bad_lines),
        "bad_dates": recording.bad_dates,
        "moved_seconds": shift,
    }
