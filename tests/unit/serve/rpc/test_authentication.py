from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from common.settings.serve import ServeSettings
from serve.rpc.authentication import AllowedCallers, Authenticator, AuthFailure, Caller, digests_of

TOKENS = digests_of(["# the feed\n", "  first \n", "\n", "second"])


class Call:
    """The part of gRPC's context that authentication reads."""

    def __init__(self, token: str) -> None:
        self._authorization = f"Bearer {token}"

    def auth_context(self) -> Mapping[str, Sequence[bytes]]:
        return {}

    def invocation_metadata(self) -> Sequence[tuple[str, str]]:
        return [("authorization", self._authorization)]


def accepts(authenticator: Authenticator, token: str) -> bool:
    return authenticator.authenticate(cast("Any", Call(token))) is None


def test_new_tokens_are_used_once_they_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serve.rpc.authentication._SECONDS_BETWEEN_CHECKS", 0)
    tokens = tmp_path / "tokens"
    tokens.write_text("old\n")
    authenticator = Authenticator(ServeSettings(grpc_tokens_file=str(tokens)))
    tokens.write_text("renewed\n")

    with monkeypatch.context() as denied:
        denied.setattr(Path, "open", _denied)
        assert accepts(authenticator, "old")
        assert not accepts(authenticator, "renewed")

    assert accepts(authenticator, "renewed")
    assert not accepts(authenticator, "old")


def _denied(path: Path, **_: object) -> None:
    """As with rights that are corrected later: size and time of the file stay the same."""
    raise PermissionError(path)


def test_without_rules_every_caller_is_accepted() -> None:
    assert AllowedCallers().check(Caller()) is None


@pytest.mark.parametrize("token", ["first", "second"])
def test_a_listed_token_is_accepted(token: str) -> None:
    assert AllowedCallers(tokens=TOKENS).check(Caller(authorization=f"Bearer {token}")) is None


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Bearer third", "Basic first", "first", "# the feed"]
)
def test_any_other_authorization_is_rejected(authorization: str) -> None:
    assert AllowedCallers(tokens=TOKENS).check(Caller(authorization=authorization)) is AuthFailure.UNKNOWN_TOKEN


def test_an_empty_token_file_rejects_every_caller() -> None:
    allowed = AllowedCallers(tokens=digests_of(["\n"]))
    assert allowed.check(Caller(authorization="Bearer ")) is AuthFailure.UNKNOWN_TOKEN


def test_one_of_the_names_in_a_certificate_must_be_listed() -> None:
    allowed = AllowedCallers(identities=frozenset({"feed"}))
    assert allowed.check(Caller(frozenset({"other", "feed"}))) is None
    assert allowed.check(Caller(frozenset({"other"}))) is AuthFailure.OTHER_IDENTITY
    assert allowed.check(Caller()) is AuthFailure.OTHER_IDENTITY


def test_identity_and_token_are_both_needed_when_both_are_listed() -> None:
    allowed = AllowedCallers(frozenset({"feed"}), TOKENS)
    assert allowed.check(Caller(frozenset({"feed"}), "Bearer first")) is None
    assert allowed.check(Caller(frozenset({"feed"}))) is AuthFailure.UNKNOWN_TOKEN
    assert allowed.check(Caller(frozenset(), "Bearer first")) is AuthFailure.OTHER_IDENTITY
