"""`thunder follows`: whom viewers follow, read and written straight in Redis."""

import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from common.errors import ConfigurationError
from common.ids import parse_id
from common.settings.follows import FollowSettings
from common.store.client import StoreClient
from ingest.follows.editor import Edit, FollowListEditor
from thunder.cli import follow_output as follow_report
from thunder.cli.exit_codes import ExitCode
from thunder.cli.follow_file import import_file
from thunder.cli.roles import read_settings
from thunder.cli.settings_help import help_text
from thunder.cli.text import columns, suggestion

Run = Callable[[FollowListEditor, FollowSettings, Sequence[str]], int]

_NOTE = """\
These commands write straight to Redis: what they do is seen at once, and forgotten by a store that is filled again from
Kafka. `thunder source jsonl` puts follows through Kafka, where they last. A list holds the newest 10,000 follows."""


class Action(NamedTuple):
    """A word of the command line, and what follows it."""

    operands: tuple[str, ...]
    summary: str
    run: Run


def main(arguments: Sequence[str]) -> int:
    """Do what the first word of the arguments says; the exit code. Raises ThunderError."""
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", ())
    if name in ("-h", "--help", "help"):
        print(follows_usage())
        return ExitCode.DONE
    if name not in ACTIONS:
        print(_no_such_action(name), file=sys.stderr)
        return ExitCode.WRONG_USAGE
    if "--help" in rest or "-h" in rest:
        print(help_text(FollowSettings), _NOTE, sep="\n\n")
        return ExitCode.DONE
    action = ACTIONS[name]
    operands, flags = rest[: len(action.operands)], rest[len(action.operands) :]
    if len(operands) < len(action.operands) or any(operand.startswith("--") for operand in operands):
        raise ConfigurationError(f"usage: thunder follows {name} {' '.join(action.operands)} [flags]")
    settings = read_settings(FollowSettings, flags)
    with _lists(settings) as lists:
        return action.run(lists, settings, operands)


def follows_usage() -> str:
    """What `thunder follows --help` prints."""
    lines = {
        f"thunder follows {' '.join((name, *action.operands))}": action.summary for name, action in ACTIONS.items()
    }
    return "\n".join(
        [
            "thunder follows: whom viewers follow, for requests that do not say (thunder serve --follow-store)",
            "",
            "Usage: thunder follows ACTION ... [flags]",
            "",
            *columns(lines),
            "",
            _NOTE,
            "",
            "thunder follows ACTION --help shows the settings.",
        ]
    )


def _no_such_action(name: str) -> str:
    if not name or name.startswith("-"):
        return follows_usage()
    return f"thunder follows: no such action; {suggestion(name, ACTIONS, 'thunder follows')}"


@contextmanager
def _lists(settings: FollowSettings) -> Generator[FollowListEditor]:
    store_client = StoreClient(settings.redis_address, settings.author_buckets, settings.redis_timeout_ms / 1000)
    try:
        yield FollowListEditor(store_client, settings.key_space, settings.post_retention_seconds)
    finally:
        store_client.close()


def _edit(change: Callable[[FollowListEditor, int, Sequence[int]], Edit]) -> Run:
    def run(lists: FollowListEditor, settings: FollowSettings, operands: Sequence[str]) -> int:
        viewer_id = _id(operands[0])
        targets = [_id(text) for text in operands[1].split(",") if text.strip()]
        follow_report.show_edit(viewer_id, change(lists, viewer_id, targets), as_json=settings.as_json)
        return ExitCode.DONE

    return run


def _show(lists: FollowListEditor, settings: FollowSettings, operands: Sequence[str]) -> int:
    viewer_id = _id(operands[0])
    follow_report.show_list(viewer_id, lists.following(viewer_id), as_json=settings.as_json)
    return ExitCode.DONE


def _id(text: str) -> int:
    parsed = parse_id(text.strip())
    if parsed is None:
        raise ConfigurationError(f"{text!r} is not an id")
    return parsed


ACTIONS = {
    "set": Action(("VIEWER", "ID,ID,..."), "make the list these", _edit(FollowListEditor.replace)),
    "add": Action(("VIEWER", "ID,ID,..."), "follow these too", _edit(FollowListEditor.add)),
    "remove": Action(("VIEWER", "ID,ID,..."), "follow these no more", _edit(FollowListEditor.remove)),
    "import": Action(("FILE",), "lines of viewer,target[,at] or of FollowEvents in JSON; - is the pipe", import_file),
    "show": Action(("VIEWER",), "the list, the newest first", _show),
}
