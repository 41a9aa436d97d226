from pathlib import Path

import pytest

from thunder.demo.main import own_command


def folder_with(folder: Path, *programs: str) -> dict[str, str]:
    for program in programs:
        (folder / program).touch(mode=0o755)
    return {"PATH": str(folder)}


def test_command_under_uv_run_is_that_of_uv(tmp_path: Path) -> None:
    environment = folder_with(tmp_path, "uv", "thunder") | {"UV_RUN_RECURSION_DEPTH": "1"}
    assert own_command(environment) == "uv run thunder"


def test_uv_that_is_a_module_is_run_as_one(tmp_path: Path) -> None:
    environment = folder_with(tmp_path, "thunder") | {"UV_RUN_RECURSION_DEPTH": "1"}
    assert own_command(environment) == "python3 -m uv run thunder"


def test_installed_command_is_its_name(tmp_path: Path) -> None:
    assert own_command(folder_with(tmp_path, "thunder")) == "thunder"


def test_command_outside_the_path_is_named_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/opt/thunder/bin/thunder", "demo"])
    assert own_command(folder_with(tmp_path)) == "/opt/thunder/bin/thunder"
