"""The console script `thunder`: finds the command, runs it, reports the error that it ends with."""

import os
import sys
from collections.abc import Sequence
from pkgutil import resolve_name

from common.errors import ThunderError
from thunder.cli.commands import ROOT, Command, CommandGroup
from thunder.cli.exit_codes import ExitCode, exit_code_of
from thunder.cli.overview import group_help, overview
from thunder.cli.text import suggestion

_HELP = ("-h", "--help", "help")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line, by default that of the process. The exit code; errors of ours are lines on stderr."""
    path, entry, rest = find_command(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _run(path, entry, rest)
        sys.stdout.flush()
    except ThunderError as error:
        for complaint in str(error).splitlines():
            print(f"{path}: {complaint}", file=sys.stderr)
        return exit_code_of(error)
    except KeyboardInterrupt:  # of a command that does not catch the signal
        return ExitCode.INTERRUPTED
    except BrokenPipeError:  # the reader of stdout is gone, and the interpreter must not write to it when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    return code


def find_command(line: Sequence[str]) -> tuple[str, Command | CommandGroup, Sequence[str]]:
    """The words of a command or a group at the beginning of the line, the command or group, the rest of the line."""
    words, entry = ["thunder"], ROOT
    for word in line:
        if not isinstance(entry, CommandGroup) or word not in entry.commands:
            break
        words.append(word)
        entry = entry.commands[word]
    return " ".join(words), entry, line[len(words) - 1 :]


def _run(path: str, entry: Command | CommandGroup, rest: Sequence[str]) -> int:
    if isinstance(entry, Command):
        return resolve_name("thunder.cli.runner:run_command")(path, entry, rest)  # imported only now: it is large
    if rest and rest[0] in _HELP:
        print(overview() if entry is ROOT else group_help(path, entry))
        return ExitCode.DONE
    if rest and not rest[0].startswith("-"):
        print(f"{path}: no such command; {suggestion(rest[0], entry.commands, path)}", file=sys.stderr)
        return ExitCode.WRONG_USAGE
    if entry is not ROOT:
        print(group_help(path, entry), file=sys.stderr)
        return ExitCode.WRONG_USAGE
    if [*rest] == ["--version"]:
        core = resolve_name("serve.timeline.cores:chosen_core")("auto").name
        decoder = resolve_name("ingest.native:DECODER")
        version = resolve_name("importlib.metadata:version")("thunder-redis")
        print(f"thunder {version} (read core: {core}, decoder: {decoder})")
        return ExitCode.DONE
    return resolve_name("thunder.cli.runner:run_without_command")(rest)
