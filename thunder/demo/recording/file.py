"""Reads real events from the lines of a file: InNetworkEvents, or messages of Bluesky's Jetstream. Pure."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from common.ids import id_of_string
from common.post import MAX_CREATED_AT, LightPost
from common.telemetry.logs import one_short_line
from ingest.events import AuthorDelete, Event, Follow, PostDelete
from ingest.sources.bluesky.jetstream import IgnoredKind, read_line
from ingest.sources.json_line import BadLine
from ingest.sources.jsonl.event_lines import BadEvent, read_event
from ingest.sources.jsonl.lines import MAX_LINE_BYTES, NumberedLine
from ingest.sources.message import too_large


class RecordingFormat(StrEnum):
    """The kind of lines in a file."""

    IN_NETWORK_EVENTS = "in_network_events"
    JETSTREAM = "jetstream"


class BadRecordingLine(NamedTuple):
    """A line, or an element of an array, that cannot be parsed; they are numbered from 1. unit: which of the two."""

    unit: str
    number: int
    why: str


@dataclass
class Recording:
    """The events of a file, in its order. newest is the time of the newest event, in Unix seconds; 0 for none."""

    format: RecordingFormat
    lines: int = 0
    events: list[Event] = field(default_factory=list[Event])
    follows: list[Follow] = field(default_factory=list[Follow])
    dids: dict[int, str] = field(default_factory=dict[int, str])
    ignored: Counter[str] = field(default_factory=Counter[str])
    bad_dates: int = 0
    bad_lines: list[BadRecordingLine] = field(default_factory=list[BadRecordingLine])
    newest: int = 0

    def name_of(self, author_id: int) -> str:
        """The name of an author: the DID, or the id where there is none."""
        if self.format is RecordingFormat.IN_NETWORK_EVENTS:
            return str(author_id)
        return self.dids.get(author_id, "someone not in the recording")


def read_recording(lines: Iterable[NumberedLine]) -> Recording:
    """Reads every line, in the format of the first that is a JSON object. Bad lines are dropped and listed."""
    read = list(lines)
    recording = Recording(_format(line.content or b"" for line in read), len(read))
    for line in read:
        if why := _take(line, recording):
            recording.bad_lines.append(BadRecordingLine(line.unit, line.number, why))
    return recording


def _take(line: NumberedLine, recording: Recording) -> str:
    """Add the event of a line. The reason if it is dropped, else empty."""
    if line.content is None:
        return too_large(MAX_LINE_BYTES).detail
    try:
        _TAKE[recording.format](line.content, recording)
    except (BadLine, BadEvent) as problem:
        return one_short_line(str(problem))
    return ""


def _format(lines: Iterable[bytes]) -> RecordingFormat:
    for line in lines:
        try:
            parsed: object = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(parsed, dict):
            return RecordingFormat.JETSTREAM if "did" in parsed else RecordingFormat.IN_NETWORK_EVENTS
    return RecordingFormat.IN_NETWORK_EVENTS


def _take_jetstream(text: bytes, recording: Recording) -> None:
    line = read_line(text)
    recording.newest = max(recording.newest, line.at)
    recording.bad_dates += line.has_bad_date
    if line.did:
        recording.dids[id_of_string(line.did)] = line.did
    match line.outcome:
        case IgnoredKind():
            recording.ignored[line.outcome.value] += 1
        case Follow():
            recording.follows.append(line.outcome)
        case LightPost() | PostDelete() | AuthorDelete():
            recording.events.append(line.outcome)


def _take_in_network_event(text: bytes, recording: Recording) -> None:
    event = read_event(text)
    match event:
        case LightPost():
            if event.created_at <= MAX_CREATED_AT:
                recording.newest = max(recording.newest, event.created_at)
            recording.events.append(event)
        case PostDelete() | AuthorDelete():
            recording.events.append(event)
        case Follow():
            recording.follows.append(event)


_TAKE: dict[RecordingFormat, Callable[[bytes, Recording], None]] = {
    RecordingFormat.JETSTREAM: _take_jetstream,
    RecordingFormat.IN_NETWORK_EVENTS: _take_in_network_event,
}
