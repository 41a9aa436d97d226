"""`thunder source`: finds the source that the command line names, and runs it."""

import sys
from collections.abc import Sequence
from contextlib import closing
from typing import NamedTuple

from common.settings.source import (
    BlueskySettings,
    JsonlSettings,
    SourceSettings,
    SyntheticSettings,
    WikipediaSettings,
)
from ingest.sources.app import run_source
from ingest.sources.catalogue import OpenedSource, open_bluesky, open_jsonl, open_synthetic, open_wikipedia
from thunder.cli.exit_codes import ExitCode
from thunder.cli.roles import Role, run_role
from thunder.cli.source_display import SourceDisplay
from thunder.cli.text import columns, suggestion


class _NamedSource(NamedTuple):
    summary: str
    role: Role


SOURCES = {
    "bluesky": _NamedSource(
        "Bluesky's Jetstream, live or from a recording", Role(BlueskySettings, "thunder.cli.source:bluesky")
    ),
    "wikipedia": _NamedSource(
        "Wikipedia's recent changes, live", Role(WikipediaSettings, "thunder.cli.source:wikipedia")
    ),
    "synthetic": _NamedSource(
        "a made-up network, at a rate of your choice", Role(SyntheticSettings, "thunder.cli.source:synthetic")
    ),
    "jsonl": _NamedSource("a file or a pipe of events in JSON", Role(JsonlSettings, "thunder.cli.source:jsonl")),
}


def main(arguments: Sequence[str]) -> int:
    """Run the source, the first word of the arguments; the exit code. Raises ThunderError."""
    name = arguments[0] if arguments else ""
    if name in SOURCES:
        return run_role(SOURCES[name].role, arguments[1:])
    if name in ("-h", "--help", "help"):
        print(source_usage())
        return ExitCode.DONE
    print(_no_such_source(name), file=sys.stderr)
    return ExitCode.WRONG_USAGE


def source_usage() -> str:
    """What `thunder source --help` prints."""
    return "\n".join(
        [
            "thunder source: events from elsewhere to the refined topic",
            "",
            "Usage: thunder source SOURCE [flags]",
            "",
            *columns({f"thunder source {name}": source.summary for name, source in SOURCES.items()}),
            "",
            "thunder source SOURCE --help shows the settings of a source.",
        ]
    )


def _no_such_source(name: str) -> str:
    if not name or name.startswith("-"):
        return source_usage()
    return f"thunder source: no such source; {suggestion(name, SOURCES, 'thunder source')}"


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
