"""Who may call. Pure."""

from collections.abc import Iterable
from enum import Enum
from hashlib import sha256
from typing import NamedTuple


class AuthFailure(Enum):
    """Why somebody may not call."""

    OTHER_IDENTITY = "other_identity"
    UNKNOWN_TOKEN = "unknown_token"  # noqa: S105


class Caller(NamedTuple):
    """What a call says of who makes it: names in the certificate, and the metadata `authorization`."""

    identities: frozenset[str] = frozenset()
    authorization: str = ""


class AllowedCallers(NamedTuple):
    """identities: names in certificates; tokens: digests of bearer tokens. None: whoever it is."""

    identities: frozenset[str] | None = None
    tokens: frozenset[bytes] | None = None

    def flaw(self, caller: Caller) -> AuthFailure | None:
        """Why the caller is kept out, None when he may call."""
        if self.identities is not None and not (self.identities & caller.identities):
            return AuthFailure.OTHER_IDENTITY
        if self.tokens is not None and _bearer_digest(caller.authorization) not in self.tokens:
            return AuthFailure.UNKNOWN_TOKEN
        return None


def digests_of(lines: Iterable[str]) -> frozenset[bytes]:
    """Digests of the tokens in a file: one a line, blank lines and lines that begin with # left out."""
    tokens = (line.strip() for line in lines)
    return frozenset(_digest(token) for token in tokens if token and not token.startswith("#"))


def _bearer_digest(authorization: str) -> bytes:
    scheme, _, token = authorization.partition(" ")
    return _digest(token.strip()) if scheme.lower() == "bearer" else b""


def _digest(token: str) -> bytes:
    """Compared in place of the token: how long that takes tells nothing of the token."""
    return sha256(token.encode()).digest()
