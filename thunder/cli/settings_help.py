"""The settings of a role as --help shows them."""

import shutil
import textwrap
from collections.abc import Iterator
from itertools import groupby

from common.settings.loader import CONFIG
from common.settings.schema import Setting, settings_of, title_of
from common.settings.types import Settings

_INDENT = " " * 6
_MAX_WIDTH = 100


def help_text(role: type[Settings]) -> str:
    """What the role is, its usage, and every setting in its group."""
    settings = [*settings_of(role), CONFIG]
    required = [f"{_flag(setting)} " for setting in settings if setting.required]
    lines = [role.__doc__ or "", "", f"Usage: {title_of(role)} {''.join(required)}[flags]"]
    for group, members in groupby(settings, key=lambda setting: setting.group):
        lines += ["", group]
        for setting in members:
            lines += _entry(setting)
    return "\n".join(lines)


def _entry(setting: Setting) -> Iterator[str]:
    yield f"  {_flag(setting)}"
    default = "required" if setting.required else f"default: {setting.default}"
    files = f", or a file named by {', '.join(setting.file_variables)}" if setting.secret else ""
    text = f"{setting.description} [{default}; environment: {', '.join(setting.variables)}{files}]"
    width = min(shutil.get_terminal_size().columns, _MAX_WIDTH)
    yield from textwrap.wrap(text, width, initial_indent=_INDENT, subsequent_indent=_INDENT, break_on_hyphens=False)


def _flag(setting: Setting) -> str:
    if setting.switch:
        return f"{setting.flag}, --no-{setting.flag.removeprefix('--')}"
    return f"{setting.flag} <{'|'.join(setting.choices) or setting.kind}>"
