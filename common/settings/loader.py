"""Loads the checked settings of a command from flags, environment and file, in that order of precedence."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from common.errors import ConfigurationError
from common.settings.flags import FlagParser
from common.settings.schema import Setting, settings_of, title_of
from common.settings.sources import Given, read_environment, read_file
from common.settings.types import Settings

Role = TypeVar("Role", bound=Settings)

CONFIG = Setting(
    name="config",
    group="Configuration file",
    description="path of a TOML file of name = value lines; flags and environment variables override it",
    kind="file",
    default="none",
    required=False,
    switch=False,
    choices=(),
    also_from=(),
)


def gather(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    roles: Iterable[type[Settings]],
    command: type[Settings] = Settings,
    unloaded: Sequence[str] = (),
) -> dict[str, Given]:
    """Collect the values of all settings of all these roles, which may share an environment and a file.

    command: the one that is run; its options that come from the command line alone are read too, and where several
    roles have different settings of one name, its own counts. unloaded: prefixes of sources whose settings
    cannot be loaded, so that they are not held for misspelt ones.
    ConfigurationError when a name is known to none of them; the message never quotes a value.
    """
    shared = [setting for role in roles for setting in settings_of(role) if not setting.flag_only]
    known = list(dict.fromkeys((*settings_of(command), *shared)))
    by_name: dict[str, Setting] = {}
    for setting in (*known, CONFIG):  # in their order, which is that of operands
        by_name.setdefault(setting.name, setting)
    flags = FlagParser([*by_name.values()]).read(arguments)
    variables = read_environment(environment, [*by_name.values()], known, unloaded)
    config = (variables | flags).get(CONFIG.name)
    in_file = read_file(Path(str(config.value)), known, unloaded) if config else {}
    given = in_file | variables | flags
    given.pop(CONFIG.name, None)
    return given


def check(role: type[Role], given: Mapping[str, Given]) -> Role:
    """Validate the settings of a role. Values of other roles are ignored, but for flags. ConfigurationError."""
    settings = {setting.name: setting for setting in settings_of(role)}
    for name, value in given.items():
        if value.from_flag and name not in settings:
            raise ConfigurationError(f"{value.origin}: {title_of(role)} has no such setting")
    try:
        return role(**{name: value.value for name, value in given.items() if name in settings})
    except ValidationError as error:
        lines = [_complaint(wrong, settings, given) for wrong in error.errors(include_url=False)]
        message = "\n".join(line for line in lines if line)
    raise ConfigurationError(message)


def read_options(model: type[Role], arguments: Sequence[str]) -> Role:
    """Read and validate the options of a command that has neither variables nor a file. ConfigurationError."""
    return check(model, FlagParser(settings_of(model)).read(arguments))


def _complaint(wrong: ErrorDetails, settings: Mapping[str, Setting], given: Mapping[str, Given]) -> str:
    """One line: the name as written, the limit, and the shape of the value; empty for a follow-up error."""
    if wrong["type"] == "default_factory_not_called":
        return ""
    reason = wrong["msg"].removeprefix("Value error, ").removeprefix("Input ").partition(", unable")[0]
    if not wrong["loc"]:
        return reason
    setting = settings[str(wrong["loc"][0])]
    if wrong["type"] == "missing":
        variables = f" (or {' or '.join(setting.variables)})" if setting.variables else ""
        return f"{setting.flag} is required{variables}"
    origin = given[setting.name].origin if setting.name in given else setting.name
    return f"{origin}: {reason}, not {_shape(wrong['input'])}"


_SHAPES = {"bool": "true or false", "float": "a number", "list": "a list", "dict": "a table"}


def _shape(value: object) -> str:
    written = str(value)
    if isinstance(value, int | str) and written.removeprefix("-").isdecimal():
        return f"a {len(written.removeprefix('-'))}-digit number"
    if isinstance(value, str):
        return f"text of {len(value)} characters"
    return _SHAPES.get(type(value).__name__, "a value of another kind")
