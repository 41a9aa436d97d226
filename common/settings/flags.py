"""Command-line flags and operands: argparse options made from settings, with one look of --help for every command."""

import argparse
import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, groupby
from typing import Any, NoReturn

from common.errors import ConfigurationError
from common.settings.schema import Setting
from common.settings.sources import Given, unknown_flag

_MAX_WIDTH = 100
_INDENT = 6


class SettingsHelp(argparse.HelpFormatter):
    """Shows each flag on a line of its own and what it means below it."""

    def __init__(self, prog: str) -> None:
        """Within the width of the terminal, and at most 100 columns."""
        width = min(shutil.get_terminal_size().columns, _MAX_WIDTH)
        super().__init__(prog, max_help_position=_INDENT, width=width)

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        """Begin with a capital letter."""
        super().add_usage(usage, actions, groups, prefix or "Usage: ")

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if action.nargs != argparse.OPTIONAL:
            return super()._format_action_invocation(action)
        [flag] = action.option_strings
        return f"{flag}, {_negation(flag)}"

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(text, width, break_on_hyphens=False)


class _AppendEntry(argparse.Action):
    """Collects the entries of a list from each use of its flag."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,  # noqa: ANN401 (argparse's)
        option_string: str | None = None,
    ) -> None:
        """Add one."""
        held = getattr(namespace, self.dest, values._replace(value=[]))
        setattr(namespace, self.dest, held._replace(value=[*held.value, values.value]))


class FlagParser(argparse.ArgumentParser):
    """Reads values as they were written, with the names that they were given by; the settings check them later.

    A complaint never quotes a value: it may be a secret in the wrong place.
    """

    def __init__(self, settings: Sequence[Setting], usage: str = "", description: str = "", epilog: str = "") -> None:
        """The texts are for --help."""
        super().__init__(
            usage=_escaped(usage),
            description=description,
            epilog=epilog,
            formatter_class=SettingsHelp,
            add_help=False,
            allow_abbrev=False,
            exit_on_error=False,
        )
        self._operands = [setting.operand for setting in settings if setting.operand]
        self._switches = [setting.flag for setting in settings if setting.switch]
        self._options = [setting.flag for setting in settings if not setting.switch and not setting.operand]
        for group, members in groupby(settings, key=lambda setting: setting.group):
            section = self.add_argument_group(group)
            for name, options in chain.from_iterable(map(_arguments, members)):
                section.add_argument(name, **options)

    def read(self, arguments: Sequence[str]) -> dict[str, Given]:
        """Values by name of setting. A flag written twice: the last counts, but for lists. ConfigurationError."""
        given, rest = self.split(arguments)
        if rest:
            known = [*self._options, *self._switches, *map(_negation, self._switches)]
            raise ConfigurationError(unknown_flag(rest[0].partition("=")[0], known))
        return given

    def split(self, arguments: Sequence[str]) -> tuple[dict[str, Given], list[str]]:
        """Values by name of setting, and the arguments that belong to none. ConfigurationError."""
        try:
            given, rest = self.parse_known_args([*self._joined(arguments)])
            return vars(given), rest
        except argparse.ArgumentError as error:
            flag = error.argument_name or ""
        # raised out here, as the message of argparse may quote the value
        raise ConfigurationError(self._complaint(flag))

    def error(self, message: str) -> NoReturn:
        """Raise ConfigurationError: of all that argparse can complain of here, only an operand is left."""
        raise ConfigurationError(self._complaint(""))

    def _complaint(self, flag: str) -> str:
        if flag in self._options:
            return f"{flag}: a value must follow"
        if flag.startswith("-"):
            return f"{flag}: takes no value"
        return f"expected {' '.join(self._operands)}, then the flags"

    def _joined(self, arguments: Sequence[str]) -> Iterator[str]:
        """Join a value that begins with one dash to its flag: argparse would read it as a flag."""
        waiting = iter(arguments)
        for argument in waiting:
            value = next(waiting, None) if argument in self._options else None
            if value is None:
                yield argument
            elif value.startswith("-") and not value.startswith("--"):
                yield f"{argument}={value}"
            else:
                yield from (argument, value)


def _arguments(setting: Setting) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names and options of what argparse adds for a setting: for a switch, the flag and its negation."""
    name, text = setting.operand or setting.flag, _escaped(_help_of(setting))
    written = partial(Given, origin=name, from_flag=True)
    common: dict[str, Any] = {"default": argparse.SUPPRESS, "dest": setting.name}
    if setting.operand:
        yield setting.name, {"type": written, "metavar": name, "help": text}
    elif setting.switch:
        negation = _negation(name)
        off = Given(value=False, origin=negation, from_flag=True)
        yield name, {**common, "type": written, "nargs": argparse.OPTIONAL, "const": written(True), "help": text}
        yield negation, {**common, "action": "store_const", "const": off, "help": argparse.SUPPRESS}
    else:
        metavar = f"<{'|'.join(setting.choices) or setting.kind}>"
        repeated = {"action": _AppendEntry} if setting.repeatable else {}
        yield name, {**common, **repeated, "type": written, "metavar": metavar, "help": text}


def _help_of(setting: Setting) -> str:
    if setting.operand:
        return setting.description
    notes = ["required" if setting.required else f"default: {setting.default}"]
    if setting.variables:
        files = f", or a file named by {', '.join(setting.file_variables)}" if setting.secret else ""
        notes.append(f"environment: {', '.join(setting.variables)}{files}")
    return f"{setting.description} [{'; '.join(notes)}]"


def _negation(flag: str) -> str:
    return "--no-" + flag.removeprefix("--")


def _escaped(text: str) -> str:
    """As argparse takes it, to which a percent sign begins a field."""
    return text.replace("%", "%%")
