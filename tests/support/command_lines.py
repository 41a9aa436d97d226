"""Command lines of documents: whether `thunder` would take them."""

import shlex
from collections.abc import Sequence
from itertools import takewhile
from pkgutil import resolve_name

from common.errors import ConfigurationError
from common.settings.flags import FlagParser
from common.settings.loader import check
from common.settings.schema import settings_of
from common.settings.types import Settings
from thunder.cli.commands import Command, Runner
from thunder.cli.main import find_command
from thunder.cli.runner import gather_shared


def is_readable(words: Sequence[str]) -> bool:
    """Whether these words after `thunder` are a command that exists, with flags and values that it takes."""
    _, command, rest = find_command(words)
    if not isinstance(command, Command):
        return False
    model: type[Settings] = resolve_name(command.settings)
    try:
        if command.runner is Runner.WRAPPER:
            given, rest = FlagParser(settings_of(model)).split(rest)
            check(model, given)
            gather_shared(rest)
        else:
            check(model, gather_shared(rest, model))
    except ConfigurationError:
        return False
    return True


def arguments_of(line: str) -> list[str]:
    """Words behind `thunder`, up to where the shell sends the output."""
    words = shlex.split(line, comments=True)[1:]
    return list(takewhile(lambda word: word not in ("|", ">"), words))
