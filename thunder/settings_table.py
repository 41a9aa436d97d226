"""The settings of all roles as the table of the README: python -m thunder.settings_table prints it."""

from common.settings import IngestSettings, ServeSettings, TransformSettings
from common.settings_schema import Setting, settings_of

_ROLES = {"ingest": IngestSettings, "transform": TransformSettings, "serve": ServeSettings}


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
    who = "all" if len(roles) == len(_ROLES) else ", ".join(roles)
    choices = f": {', '.join(setting.choices)}" if setting.choices else ""
    also = f"; also from {', '.join(f'`{variable}`' for variable in setting.also_from)}" if setting.also_from else ""
    return f"| `{setting.flag}` | {default} | {who} | {setting.description}{choices}{also} |"


if __name__ == "__main__":
    print(settings_table(), end="")
