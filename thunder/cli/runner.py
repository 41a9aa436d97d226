"""Runs a command: from the rest of its line to checked settings to the function that does the work."""

import logging
import os
import textwrap
from collections.abc import Callable, Sequence
from pkgutil import resolve_name
from typing import Any, TypeVar

from common.errors import ConfigurationError, ThunderError
from common.settings.flags import FlagParser
from common.settings.loader import CONFIG, check, gather, read_options
from common.settings.schema import settings_of
from common.settings.sources import Given
from common.settings.types import Settings
from thunder.cli.commands import COMBINED, MODE_SETTINGS, TRANSFORM, Command, Runner, broken_sources, shared_settings
from thunder.cli.exit_codes import ExitCode, exit_code_of

S = TypeVar("S", bound=Settings)

_USAGE_WIDTH = 72

log = logging.getLogger("thunder")


def run_command(path: str, command: Command, arguments: Sequence[str]) -> int:
    """Run a command, or show its help; the exit code. path: its words. ThunderError."""
    if command.flaw:
        raise ConfigurationError(command.flaw)
    if _asks_for_help(arguments):
        return _show_help(path, command)
    run: Callable[[Any], int] = resolve_name(command.run)  # imported only now: a role need not load the others
    if command.runner is Runner.WRAPPER:
        return run(arguments)
    model: type[Settings] = resolve_name(command.settings)
    settings = read_settings(model, arguments) if command.shares_settings else read_options(model, arguments)
    return run(settings) if command.runner is Runner.TOOL else _run_role(run, settings, command.origin)


def run_without_command(arguments: Sequence[str]) -> int:
    """Run `thunder` without a command, where a setting chooses the role; the exit code. ThunderError."""
    if _asks_for_help(arguments):
        serving = "--is-serving" in arguments
        return _show_help("thunder --is-serving", COMBINED) if serving else _show_help("thunder transform", TRANSFORM)
    mode: type[Settings] = resolve_name(MODE_SETTINGS)
    given = gather_shared(arguments)
    names = mode.model_fields
    chosen: Any = check(mode, {name: value for name, value in given.items() if name in names})
    command = COMBINED if chosen.is_serving else TRANSFORM
    model: type[Settings] = resolve_name(command.settings)
    settings = check(model, {name: value for name, value in given.items() if name not in names})
    return _run_role(resolve_name(command.run), settings)


def read_settings(model: type[S], arguments: Sequence[str]) -> S:
    """The settings of a command, from its flags, the environment and the file. ConfigurationError."""
    return check(model, gather_shared(arguments, model))


def gather_shared(arguments: Sequence[str], command: type[Settings] = Settings) -> dict[str, Given]:
    """Values from flags, environment and file, of every setting that commands share and those of this one."""
    return gather(arguments, os.environ, _shared_models(), command, _unloaded_prefixes())


def _shared_models() -> tuple[type[Settings], ...]:
    """Models of every setting that an environment or a file may hold, since roles may share them."""
    return tuple(resolve_name(name) for name in shared_settings())


def _unloaded_prefixes() -> list[str]:
    """Prefixes of the variables of sources that cannot be loaded. Logs what is wrong with each."""
    broken = broken_sources()
    for flaw in broken.values():
        log.warning("%s", flaw)
    return [*broken]


def _run_role(run: Callable[[Any], int], settings: Settings, origin: str = "") -> int:
    """The exit code. An error that ends a role goes to its log, in the format that its settings name.

    origin: another distribution that brings the role.
    """
    try:
        return run(settings)
    except ThunderError as error:
        log.critical("%s", error)
        return exit_code_of(error)
    except Exception:
        log.critical("Unexpected error, a defect of %s: please report it", origin or "Thunder", exc_info=True)
        return ExitCode.FAILED


def _asks_for_help(arguments: Sequence[str]) -> bool:
    return "--help" in arguments or "-h" in arguments


def _show_help(path: str, command: Command) -> int:
    print(help_text(path, command))
    return ExitCode.DONE


def help_text(path: str, command: Command) -> str:
    """Text of --help for a command: its usage, and every setting in its group."""
    settings = settings_of(resolve_name(command.settings))
    operands = [setting.operand for setting in settings if setting.operand]
    required = [f"{s.flag} <{'|'.join(s.choices) or s.kind}>" for s in settings if s.required and not s.operand]
    usage = " ".join([path, *operands, *required, "[flags]"])
    return (
        FlagParser(
            [*settings, CONFIG] if command.shares_settings else settings,
            usage="\n       ".join(textwrap.wrap(usage, _USAGE_WIDTH, break_on_hyphens=False)),
            description=f"{path}: {command.summary}",
            epilog=command.note,
        )
        .format_help()
        .rstrip()
    )
