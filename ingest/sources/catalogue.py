"""Makes each kind of source from its settings."""

import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from common.settings.source import BlueskySettings, JsonlSettings, SyntheticSettings, WikipediaSettings
from common.timing import system_clock
from ingest.sources.bluesky.jetstream import IgnoredKind, parse_jetstream_line
from ingest.sources.bluesky.source import BlueskySource
from ingest.sources.json_line import BadLineReason
from ingest.sources.jsonl.event_lines import BadEventReason, parse_event_line
from ingest.sources.jsonl.source import PipeSource, ReplaySource
from ingest.sources.message import SentKind, Source
from ingest.sources.metrics import Labels
from ingest.sources.synthetic.source import SyntheticSource
from ingest.sources.wikipedia.recent_change import ChangeKind, IgnoredChange
from ingest.sources.wikipedia.source import WikipediaSource

_STANDARD_INPUT = "-"


class OpenedSource(NamedTuple):
    """A source, and what must be known to run it.

    has_follows: it may send follows. is_live: its position is stored; from_now: and not read at the start.
    """

    source: Source
    labels: Labels
    has_follows: bool
    is_live: bool = False
    from_now: bool = False


def open_bluesky(settings: BlueskySettings) -> OpenedSource:
    """The network, or a recording of it from its beginning. ConfigurationError."""
    labels = _labels(SentKind, IgnoredKind, BadLineReason)
    if settings.replay is None:
        source = BlueskySource(settings.jetstream_url, contact=settings.contact)
        return OpenedSource(source, labels, has_follows=True, is_live=True, from_now=settings.from_now)
    ends_at = system_clock if settings.move_times else None
    recording = ReplaySource("bluesky", Path(settings.replay), parse_jetstream_line, ends_at)
    return OpenedSource(recording, labels, has_follows=True)


def open_wikipedia(settings: WikipediaSettings) -> OpenedSource:
    """The stream of recent changes. ConfigurationError."""
    source = WikipediaSource(settings.recentchange_url, settings.bots, contact=settings.contact)
    labels = _labels(ChangeKind, IgnoredChange, BadLineReason)
    return OpenedSource(source, labels, has_follows=False, is_live=True, from_now=settings.from_now)


def open_synthetic(settings: SyntheticSettings) -> OpenedSource:
    """A generated network, from its beginning."""
    has_follows = settings.follows_per_person > 0
    return OpenedSource(SyntheticSource(settings), _labels(SentKind), has_follows=has_follows)


def open_jsonl(settings: JsonlSettings) -> OpenedSource:
    """A file from its beginning, or the standard input."""
    if settings.file == _STANDARD_INPUT:
        source: Source = PipeSource("jsonl", sys.stdin.fileno(), parse_event_line)
    else:
        source = ReplaySource("jsonl", Path(settings.file), parse_event_line)
    return OpenedSource(source, _labels(SentKind, dropped=BadEventReason), has_follows=True)


def _labels(sent: Iterable[StrEnum], ignored: Iterable[StrEnum] = (), dropped: Iterable[StrEnum] = ()) -> Labels:
    return Labels(*(tuple(str(label) for label in labels) for labels in (sent, ignored, dropped)))
