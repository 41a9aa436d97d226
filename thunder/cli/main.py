"""The console script `thunder`: finds the command, runs it, reports what it ends with."""

import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pkgutil import resolve_name
from typing import NamedTuple

from common.errors import ThunderError
from thunder.cli.exit_codes import MEANINGS, ExitCode, exit_code_of
from thunder.cli.text import columns, suggestion


class Command(NamedTuple):
    """A word of the command line. main (module:function) takes the rest of the line and returns the exit code."""

    summary: str
    main: str


COMMANDS = {
    "demo": Command("the whole path on this machine, fed and shown", "thunder.demo.main:main"),
    "query": Command("ask a server for a timeline", "thunder.cli.query:main"),
    "source": Command("Bluesky, Wikipedia, a made-up network or a file to refined topic", "thunder.cli.source:main"),
    "topics": Command("create the topics that all of this reads and writes", "thunder.cli.topics:main"),
    "transform": Command("raw topic (Thrift) to refined topic", "thunder.cli.roles:run_transform_command"),
    "ingest": Command("refined topic, or raw topic in one hop, to Redis", "thunder.cli.roles:run_ingest_command"),
    "serve": Command("Redis to gRPC", "thunder.cli.roles:run_serve_command"),
    "doctor": Command("what a role needs: whether it is there, and what to mend", "thunder.doctor.main:main"),
    "follows": Command("whom viewers follow, for requests that do not say", "thunder.cli.follows:main"),
}
_GUIDE = Command(
    "without a command: transform, or with --is-serving ingest and serve in one", "thunder.cli.roles:run_guide_command"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line, by default that of the process. The exit code; errors of ours end in a line on stderr."""
    line = list(sys.argv[1:] if arguments is None else arguments)
    name = line[0] if line and line[0] in COMMANDS else ""
    try:
        code = _run(COMMANDS[name], line[1:]) if name else _without_command(line)
        sys.stdout.flush()
    except ThunderError as error:
        for complaint in str(error).splitlines():
            print(f"{f'thunder {name}'.rstrip()}: {complaint}", file=sys.stderr)
        return exit_code_of(error)
    except KeyboardInterrupt:  # of a command that does not stop in order by itself
        return ExitCode.INTERRUPTED
    except BrokenPipeError:  # nobody reads our lines any more, and the interpreter must not try again when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    return code


def _without_command(line: Sequence[str]) -> int:
    if line and line[0] in ("-h", "--help", "help"):
        print(overview())
        return ExitCode.DONE
    if line == ["--version"]:
        print(f"thunder {version('thunder-redis')}")
        return ExitCode.DONE
    if line and not line[0].startswith("-"):
        print(f"thunder: no such command; {suggestion(line[0], COMMANDS, 'thunder')}", file=sys.stderr)
        return ExitCode.WRONG_USAGE
    return _run(_GUIDE, line)


def _run(command: Command, arguments: Sequence[str]) -> int:
    main: Callable[[Sequence[str]], int] = resolve_name(command.main)  # imported only now: most are large
    return main(arguments)


def overview() -> str:
    """What `thunder --help` prints."""
    commands = {f"thunder {name}": command.summary for name, command in COMMANDS.items()}
    return "\n".join(
        [
            "thunder: posts from Kafka, kept in Redis, served over gRPC",
            "",
            "Usage: thunder [COMMAND] [FLAGS]",
            "",
            *columns({**commands, "thunder": _GUIDE.summary}),
            "",
            "thunder COMMAND --help shows the settings of a command. Each is a flag, an environment variable",
            "THUNDER_<NAME>, or a line of the TOML file that --config names; the first of these wins.",
            "",
            "Exit codes",
            *columns({str(code.value): meaning for code, meaning in MEANINGS.items()}),
        ]
    )
