"""The roles as commands: from a command line to checked settings to the function that runs the role."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pkgutil import resolve_name
from typing import NamedTuple, TypeVar

from common.errors import ThunderError
from common.settings.combined import CombinedSettings, ModeSettings
from common.settings.follows import FollowSettings
from common.settings.ingest import IngestSettings, TransformSettings
from common.settings.kafka import TopicsSettings
from common.settings.loader import check, gather
from common.settings.serve import ServeSettings
from common.settings.source import BlueskySettings, JsonlSettings, SyntheticSettings, WikipediaSettings
from common.settings.sources import Given
from common.settings.types import Settings
from thunder.cli.exit_codes import ExitCode, exit_code_of
from thunder.cli.settings_help import help_text

S = TypeVar("S", bound=Settings)

log = logging.getLogger("thunder")


class Role(NamedTuple):
    """run (module:function) takes the settings and returns the exit code when it was stopped as asked."""

    settings: type[Settings]
    run: str


_TRANSFORM = Role(TransformSettings, "ingest.app:run_transform")
_INGEST = Role(IngestSettings, "ingest.app:run_ingest")
_SERVE = Role(ServeSettings, "serve.app:run_serve")
_COMBINED = Role(CombinedSettings, "thunder.combined:run_combined")

_KNOWN = (
    ModeSettings,
    TransformSettings,
    CombinedSettings,
    BlueskySettings,
    WikipediaSettings,
    SyntheticSettings,
    JsonlSettings,
    TopicsSettings,
    FollowSettings,
)
"""Between them, every setting there is: roles may share an environment and a file."""


def run_transform_command(arguments: Sequence[str]) -> int:
    """Run `thunder transform`; the exit code."""
    return run_role(_TRANSFORM, arguments)


def run_ingest_command(arguments: Sequence[str]) -> int:
    """Run `thunder ingest`; the exit code."""
    return run_role(_INGEST, arguments)


def run_serve_command(arguments: Sequence[str]) -> int:
    """Run `thunder serve`; the exit code."""
    return run_role(_SERVE, arguments)


def run_role(role: Role, arguments: Sequence[str]) -> int:
    """Run a role, or show its help; the exit code. ConfigurationError."""
    if _asks_for_help(arguments):
        return _show_help(role)
    return _start(role, gather(arguments, os.environ, _KNOWN))


def read_settings(model: type[S], arguments: Sequence[str]) -> S:
    """The settings of a command that is no role, from its flags, the environment and the file. ConfigurationError."""
    return check(model, gather(arguments, os.environ, _KNOWN))


def run_guide_command(arguments: Sequence[str]) -> int:
    """Run `thunder` without a command, where a setting chooses the role; the exit code."""
    if _asks_for_help(arguments):
        return _show_help(_COMBINED if "--is-serving" in arguments else _TRANSFORM)
    given = gather(arguments, os.environ, _KNOWN)
    mode = check(ModeSettings, {name: value for name, value in given.items() if name in ModeSettings.model_fields})
    rest = {name: value for name, value in given.items() if name not in ModeSettings.model_fields}
    return _start(_COMBINED if mode.is_serving else _TRANSFORM, rest)


def _start(role: Role, given: Mapping[str, Given]) -> int:
    """The exit code. ConfigurationError; what happens later is in the log, in the form that the settings name."""
    settings = check(role.settings, given)
    run: Callable[[Settings], int] = resolve_name(role.run)  # imported only now: a role need not load the others
    try:
        return run(settings)
    except ThunderError as error:
        log.critical("%s", error)
        return exit_code_of(error)
    except Exception:
        log.critical("A defect of ours, please report it", exc_info=True)
        return ExitCode.FAILED


def _asks_for_help(arguments: Sequence[str]) -> bool:
    return "--help" in arguments or "-h" in arguments


def _show_help(role: Role) -> int:
    print(help_text(role.settings))
    return ExitCode.DONE
