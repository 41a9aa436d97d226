"""The table of commands: what it names exists, and all help looks alike."""

from collections.abc import Iterator
from pkgutil import resolve_name

import pytest

from common.settings.schema import settings_of
from thunder.cli.commands import COMBINED, ROOT, Command, CommandGroup, shared_settings
from thunder.cli.runner import help_text


def leaves(group: CommandGroup, path: str = "thunder") -> Iterator[tuple[str, Command]]:
    for name, entry in group.commands.items():
        if isinstance(entry, Command):
            yield f"{path} {name}", entry
        else:
            yield from leaves(entry, f"{path} {name}")


EVERY = dict([*leaves(ROOT), ("thunder --is-serving", COMBINED)])


@pytest.mark.parametrize("path", EVERY)
def test_a_command_can_be_run(path: str) -> None:
    assert callable(resolve_name(EVERY[path].run))


@pytest.mark.parametrize("path", EVERY)
def test_all_help_looks_alike(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = help_text(path, EVERY[path])
    assert text.startswith(f"Usage: {path} ")
    assert f"{path}: {EVERY[path].summary}" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80
    for setting in settings_of(resolve_name(EVERY[path].settings)):
        assert setting.description
        assert f"\n  {setting.operand or setting.flag}" in text


@pytest.mark.parametrize("path", EVERY)
def test_options_of_a_command_have_no_variable(path: str) -> None:
    shared = {setting.name for name in shared_settings() for setting in settings_of(resolve_name(name))}
    settings = settings_of(resolve_name(EVERY[path].settings))
    assert all(setting.name in shared or not setting.variables for setting in settings)
    assert EVERY[path].shares_settings or not any(setting.variables for setting in settings)
