"""Reads settings from the environment and a TOML file. Unknown names are errors with a suggestion."""

import difflib
import logging
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from common.errors import ConfigurationError
from common.settings.schema import Setting

_NAMED_FLAG = re.compile(r"--[A-Za-z][A-Za-z0-9_-]{0,80}")
_SERVICE_LINK = re.compile(
    r"THUNDER_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP)(_\w+)?)?)"
)
"""Variables that Kubernetes sets for each Service whose name begins with thunder."""


ADDRESS_VARIABLE = "THUNDER_ADDRESS"
"""Names the server that `thunder query` asks: no setting of a role, though it may stand in a role's environment."""

_log = logging.getLogger("thunder.settings")


class Given(NamedTuple):
    """A value as it was written, and where: the flag, the variable or the file."""

    value: object
    origin: str
    from_flag: bool = False


def unknown_flag(flag: str, known: Sequence[str]) -> str:
    """The complaint. The flag is repeated only if it looks like one: a stray argument may be a secret."""
    if not _NAMED_FLAG.fullmatch(flag):
        return f"an argument of {len(flag)} characters belongs to no flag"
    return f"{flag}: no such flag{_suggestion(flag, known)}"


def read_environment(
    environment: Mapping[str, str],
    wanted: Sequence[Setting],
    others: Sequence[Setting] = (),
    unloaded: Sequence[str] = (),
) -> dict[str, Given]:
    """Values of the wanted settings by name; an empty variable counts as unset. Warns of each by a former name.

    others: settings that the environment may hold, too. unloaded: what their names begin with where they are unknown.
    ConfigurationError for any other THUNDER_*, and for a file of a secret that cannot be read.
    """
    _refuse_unknown(environment, {*wanted, *others}, unloaded)
    former = {setting.former_variable: setting for setting in wanted if setting.former_variable}
    variables = {variable: setting.name for setting in wanted for variable in setting.variables}
    variables |= {variable: setting.name for variable, setting in former.items()}
    files = {variable: setting.name for setting in wanted for variable in setting.file_variables}
    given: dict[str, Given] = {}
    for variable, name in variables.items():
        if environment.get(variable):
            given.setdefault(name, Given(environment[variable], variable))
            if variable in former:
                _log.warning("%s is deprecated: set %s instead", variable, former[variable].variables[0])
    for variable, name in files.items():
        if name not in given and environment.get(variable):
            given[name] = Given(_secret_in(Path(environment[variable]), variable), variable)
    return given


def _refuse_unknown(environment: Mapping[str, str], known: Iterable[Setting], unloaded: Sequence[str]) -> None:
    current = {variable for setting in known for variable in (*setting.variables, *setting.file_variables)}
    former = {setting.former_variable for setting in known}
    passed = tuple(f"THUNDER_{prefix}" for prefix in unloaded)
    for variable, value in environment.items():
        ours = variable.startswith("THUNDER_") and variable != ADDRESS_VARIABLE and not variable.startswith(passed)
        if ours and not _is_service_link(variable, value) and variable not in current | former:
            raise ConfigurationError(f"{variable}: no such setting{_suggestion(variable, sorted(current))}")


def _secret_in(path: Path, variable: str) -> str:
    """Content of the file without the line end that editors add."""
    try:
        return path.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigurationError(f"{variable}: {path}: {reason}") from error


def _is_service_link(variable: str, value: str) -> bool:
    return _SERVICE_LINK.fullmatch(variable) is not None and (
        "_SERVICE_" in variable
        or re.search(r"_PORT_\d", variable) is not None
        or value.startswith(("tcp://", "udp://"))
    )


def read_file(path: Path, known: Sequence[Setting], unloaded: Sequence[str] = ()) -> dict[str, Given]:
    """Values by name of setting from a TOML file of `name = value` lines. ConfigurationError.

    unloaded: of sources whose settings are unknown, so that any unknown name may be one of them and is passed over.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: not a TOML file: {error}") from error
    names = [setting.name for setting in known if not setting.flag_only]
    for name in values:
        if name not in names and not unloaded:
            raise ConfigurationError(f"{path}: {name}: no such setting{_suggestion(name, names)}")
    return {name: Given(value, f"{path}: {name}") for name, value in values.items() if name in names}


def _suggestion(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""
