from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from common.settings.serve import ServeSettings
from serve.rpc.authentication import Authenticator


class Call:
    """What the guard asks of gRPC's context."""

    def __init__(self, token: str) -> None:
        self._authorization = f"Bearer {token}"

    def auth_context(self) -> Mapping[str, Sequence[bytes]]:
        return {}

    def invocation_metadata(self) -> Sequence[tuple[str, str]]:
        return [("authorization", self._authorization)]


def let_in(guard: Authenticator, token: str) -> bool:
    return guard.refusal(cast("Any", Call(token))) is None


def test_new_tokens_that_could_not_be_read_at_first_count_once_they_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve.rpc.authentication._SECONDS_BETWEEN_LOOKS", 0)
    tokens = tmp_path / "tokens"
    tokens.write_text("old\n")
    guard = Authenticator(ServeSettings(grpc_tokens_file=str(tokens)))
    tokens.write_text("renewed\n")

    with monkeypatch.context() as denied:
        denied.setattr(Path, "open", _denied)
        assert let_in(guard, "old")
        assert not let_in(guard, "renewed")

    assert let_in(guard, "renewed")
    assert not let_in(guard, "old")


def _denied(path: Path, **_: object) -> None:
    """As with rights that are mended later: neither size nor time tells."""
    raise PermissionError(path)
