"""Help of `thunder` and of its groups of commands. It imports no settings, and so is fast."""

import textwrap

from thunder.cli.commands import COMMANDS, CommandGroup
from thunder.cli.exit_codes import MEANINGS
from thunder.cli.text import columns

_WIDTH = 100


def overview() -> str:
    """Text of `thunder --help`."""
    commands = {f"thunder {name}": entry.summary for name, entry in COMMANDS.items()}
    guide = {"thunder": "without a command: transform; with --is-serving: ingest and serve"}
    return "\n".join(
        [
            "Usage: thunder [COMMAND] [flags]",
            "",
            "thunder: posts from Kafka, kept in Redis, served over gRPC",
            "",
            "Commands:",
            *columns({**commands, **guide}),
            "",
            "thunder COMMAND --help lists the settings of a command. Each is a flag; most can also be set by an",
            "environment variable or in the TOML file that --config names. The first of these wins.",
            "",
            "Exit codes:",
            *columns({str(code.value): meaning for code, meaning in MEANINGS.items()}),
        ]
    )


def group_help(path: str, group: CommandGroup) -> str:
    """Text of --help for a group; path: its words, as in "thunder source"."""
    lines = [
        f"Usage: {path} COMMAND [flags]",
        "",
        f"{path}: {group.summary}",
        "",
        "Commands:",
        *columns({f"{path} {name}": entry.summary for name, entry in group.commands.items()}),
        "",
        *([textwrap.fill(group.note, _WIDTH), ""] if group.note else []),
        f"{path} COMMAND --help lists its settings.",
    ]
    return "\n".join(lines)
