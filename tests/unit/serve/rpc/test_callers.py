import pytest

from serve.rpc.callers import AllowedCallers, AuthFailure, Caller, digests_of

TOKENS = digests_of(["# the feed\n", "  first \n", "\n", "second"])


def test_without_rules_everybody_may_call() -> None:
    assert AllowedCallers().flaw(Caller()) is None


@pytest.mark.parametrize("token", ["first", "second"])
def test_a_listed_token_may_call(token: str) -> None:
    assert AllowedCallers(tokens=TOKENS).flaw(Caller(authorization=f"Bearer {token}")) is None


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Bearer third", "Basic first", "first", "# the feed"]
)
def test_anything_else_may_not(authorization: str) -> None:
    assert AllowedCallers(tokens=TOKENS).flaw(Caller(authorization=authorization)) is AuthFailure.UNKNOWN_TOKEN


def test_an_empty_file_of_tokens_keeps_everybody_out() -> None:
    allowed = AllowedCallers(tokens=digests_of(["\n"]))
    assert allowed.flaw(Caller(authorization="Bearer ")) is AuthFailure.UNKNOWN_TOKEN


def test_one_of_the_names_in_a_certificate_must_be_listed() -> None:
    allowed = AllowedCallers(identities=frozenset({"feed"}))
    assert allowed.flaw(Caller(frozenset({"other", "feed"}))) is None
    assert allowed.flaw(Caller(frozenset({"other"}))) is AuthFailure.OTHER_IDENTITY
    assert allowed.flaw(Caller()) is AuthFailure.OTHER_IDENTITY


def test_identity_and_token_are_both_needed_when_both_are_listed() -> None:
    allowed = AllowedCallers(frozenset({"feed"}), TOKENS)
    assert allowed.flaw(Caller(frozenset({"feed"}), "Bearer first")) is None
    assert allowed.flaw(Caller(frozenset({"feed"}))) is AuthFailure.UNKNOWN_TOKEN
    assert allowed.flaw(Caller(frozenset(), "Bearer first")) is AuthFailure.OTHER_IDENTITY
