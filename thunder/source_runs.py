"""What runs each source, shown to whoever started it."""

from contextlib import closing

from common.source_settings import (
    BlueskySettings,
    JsonlSettings,
    SourceSettings,
    SyntheticSettings,
    WikipediaSettings,
)
from ingest.sources.app import run_source
from ingest.sources.opening import OpenedSource, open_bluesky, open_jsonl, open_synthetic, open_wikipedia
from thunder.source_display import SourceDisplay


def bluesky(settings: BlueskySettings) -> int:
    """Run `thunder source bluesky`; the exit code."""
    return _run(settings, open_bluesky(settings))


def wikipedia(settings: WikipediaSettings) -> int:
    """Run `thunder source wikipedia`; the exit code."""
    return _run(settings, open_wikipedia(settings))


def synthetic(settings: SyntheticSettings) -> int:
    """Run `thunder source synthetic`; the exit code."""
    return _run(settings, open_synthetic(settings))


def jsonl(settings: JsonlSettings) -> int:
    """Run `thunder source jsonl`; the exit code."""
    return _run(settings, open_jsonl(settings))


def _run(settings: SourceSettings, opened: OpenedSource) -> int:
    name, expected = opened.source.name, opened.source.expected
    with closing(SourceDisplay(name, expected, as_json=settings.as_json)) as display:
        return run_source(settings, opened, display)
