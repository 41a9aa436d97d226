"""`thunder source`: finds the source that the command line names, and runs it."""

import sys
from collections.abc import Sequence
from typing import NamedTuple

from common.source_settings import BlueskySettings, JsonlSettings, SyntheticSettings, WikipediaSettings
from thunder.columns import columns
from thunder.exit_codes import ExitCode
from thunder.roles import Role, run_role
from thunder.suggestion import suggestion


class _NamedSource(NamedTuple):
    summary: str
    role: Role


SOURCES = {
    "bluesky": _NamedSource(
        "Bluesky's Jetstream, live or from a recording", Role(BlueskySettings, "thunder.source_runs:bluesky")
    ),
    "wikipedia": _NamedSource(
        "Wikipedia's recent changes, live", Role(WikipediaSettings, "thunder.source_runs:wikipedia")
    ),
    "synthetic": _NamedSource(
        "a made-up network, at a rate of your choice", Role(SyntheticSettings, "thunder.source_runs:synthetic")
    ),
    "jsonl": _NamedSource("a file or a pipe of events in JSON", Role(JsonlSettings, "thunder.source_runs:jsonl")),
}


def main(arguments: Sequence[str]) -> int:
    """Run the source, the first word of the arguments; the exit code. Raises ThunderError."""
    name = arguments[0] if arguments else ""
    if name in SOURCES:
        return run_role(SOURCES[name].role, arguments[1:])
    if name in ("-h", "--help", "help"):
        print(usage())
        return ExitCode.DONE
    print(_no_such_source(name), file=sys.stderr)
    return ExitCode.WRONG_USAGE


def usage() -> str:
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
        return usage()
    return f"thunder source: no such source; {suggestion(name, SOURCES, 'thunder source')}"
