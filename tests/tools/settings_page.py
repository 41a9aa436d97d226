"""Writes docs/settings.md, the settings of all roles: python -m tests.tools.settings_page.

A test compares the file with what this module makes.
"""

from pathlib import Path

from common.settings.ingest import IngestSettings, TransformSettings
from common.settings.schema import Setting, settings_of
from common.settings.serve import ServeSettings
from ingest.sources.catalogue import built_in

_SOURCES = {name: kind.settings for name, kind in built_in().items()}
_ROLES = {"ingest": IngestSettings, "transform": TransformSettings, "serve": ServeSettings, **_SOURCES}


PAGE = Path(__file__).parents[2] / "docs" / "settings.md"

_INTRODUCTION = """\
# Settings

Each setting is a flag, an environment variable `THUNDER_<NAME>` (`--grpc-port` is `THUNDER_GRPC_PORT`) or a line
`grpc_port = 50051` of the TOML file that `--config` (or `THUNDER_CONFIG`) names. The first of these that gives a value
wins. An unknown name is an error. Roles may share an environment and a file: each takes the settings that it has.
`thunder --is-serving` takes the settings of ingest and serve, `thunder` without it those of transform.

Settings of one kind of source carry its name in the environment: `--count` of the synthetic source is
`THUNDER_SYNTHETIC_COUNT`, in the file `count`. For bluesky, wikipedia, synthetic and jsonl the names without it
(`THUNDER_COUNT`) work for one more release and log a warning.

This page is generated: `uv run python -m tests.tools.settings_page`.

"""


def settings_page() -> str:
    """Return the page as Markdown."""
    return _INTRODUCTION + settings_table()


def settings_table() -> str:
    """Markdown; a row for each setting, in the order of --help."""
    roles_of: dict[Setting, list[str]] = {}
    for role, model in _ROLES.items():
        for setting in settings_of(model):
            roles_of.setdefault(setting, []).append(role)
    groups = dict.fromkeys(setting.group for setting in roles_of)
    lines = ["| setting | default | roles | what it is |", "|---|---|---|---|"]
    for group in groups:
        lines.append(f"| **{group}** | | | |")
        lines += [_row(setting, roles) for setting, roles in roles_of.items() if setting.group == group]
    return "\n".join(lines) + "\n"


def _row(setting: Setting, roles: list[str]) -> str:
    default = "*required*" if setting.required else setting.default
    choices = f": {', '.join(setting.choices)}" if setting.choices else ""
    also = f"; also from {', '.join(f'`{variable}`' for variable in setting.also_from)}" if setting.also_from else ""
    prefixed = f"; environment: `{setting.variables[0]}`" if setting.environment_prefix else ""
    return f"| `{setting.flag}` | {default} | {_in_words(roles)} | {setting.description}{choices}{also}{prefixed} |"


def _in_words(roles: list[str]) -> str:
    if len(roles) == len(_ROLES):
        return "all"
    if not _SOURCES.keys() <= set(roles):
        return ", ".join(roles)
    return ", ".join([*(role for role in roles if role not in _SOURCES), "sources"])


if __name__ == "__main__":
    PAGE.write_text(settings_page(), encoding="utf-8")
