"""Authenticates callers by bearer token or client certificate, as the settings demand. The rules are pure."""

import logging
import time
from collections.abc import Iterable
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import grpc

from common.errors import ConfigurationError
from common.settings.serve import CallerSettings
from common.timing import RateLimiter
from common.tls_files import WatchedFiles
from serve.rpc_errors import RpcFailure

log = logging.getLogger("thunder.serve")


class AuthFailure(Enum):
    """Reason why a caller is rejected."""

    OTHER_IDENTITY = "other_identity"
    UNKNOWN_TOKEN = "unknown_token"  # noqa: S105


AUTH_ERRORS = {
    AuthFailure.UNKNOWN_TOKEN: RpcFailure(grpc.StatusCode.UNAUTHENTICATED, "A valid bearer token is required"),
    AuthFailure.OTHER_IDENTITY: RpcFailure(grpc.StatusCode.PERMISSION_DENIED, "This certificate may not call"),
}


class Caller(NamedTuple):
    """Claims of a call: the names in its certificate, and its metadata `authorization`."""

    identities: frozenset[str] = frozenset()
    authorization: str = ""


class AllowedCallers(NamedTuple):
    """identities: names in certificates; tokens: digests of bearer tokens. None: no such check."""

    identities: frozenset[str] | None = None
    tokens: frozenset[bytes] | None = None

    def check(self, caller: Caller) -> AuthFailure | None:
        """Reason why the caller is rejected, None when it may call."""
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
    """Compared in place of the token, so that the time of a comparison reveals nothing about it."""
    return sha256(token.encode()).digest()


_SECONDS_BETWEEN_CHECKS = 1.0

_NAMES = ("x509_common_name", "x509_subject_alternative_name")
"""Keys under which gRPC puts the names of a verified certificate."""


class Authenticator:
    """For one event loop. The token file is read again when it changes; a bad one leaves the old tokens in force."""

    def __init__(self, settings: CallerSettings) -> None:
        """ConfigurationError when the token file cannot be read."""
        self._tokens = Path(settings.grpc_tokens_file) if settings.grpc_tokens_file else None
        self._watched = WatchedFiles([self._tokens] if self._tokens else [])
        self._due = RateLimiter(_SECONDS_BETWEEN_CHECKS)
        self._last_error = ""
        self._has_identities = bool(self._tokens or settings.grpc_tls_client_ca)
        self._allowed = AllowedCallers(settings.allowed_identities or None)
        if self._tokens:
            try:
                self._read_tokens(self._tokens)
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigurationError(f"the bearer tokens cannot be read (--grpc-tokens-file): {error}") from error

    def authenticate(self, context: "grpc.aio.ServicerContext[bytes, bytes]") -> RpcFailure | None:
        """Reason why this call is rejected, None when it may be made."""
        if self._allowed == AllowedCallers():
            return None
        self._reload_tokens()
        failure = self._allowed.check(_caller(context))
        return AUTH_ERRORS[failure] if failure else None

    def caller_of(self, context: "grpc.aio.ServicerContext[bytes, bytes]") -> str:
        """The token or certificate that an authenticated call came with, as text; its connection without any."""
        caller = _caller(context) if self._has_identities else Caller()
        if self._tokens:
            return _bearer_digest(caller.authorization).hex()
        return ",".join(sorted(caller.identities)) or context.peer()

    def _reload_tokens(self) -> None:
        if self._tokens is None or not self._due.allow(time.monotonic()):
            return
        try:
            self._read_tokens(self._tokens)
        except (OSError, UnicodeDecodeError) as error:
            self._watched.forget()
            if str(error) != self._last_error:
                self._last_error = str(error)
                log.error("New bearer tokens cannot be read, the old ones stay in force: %s", error)

    def _read_tokens(self, path: Path) -> None:
        if self._watched.changed():
            with path.open(encoding="utf-8") as lines:
                self._allowed = self._allowed._replace(tokens=digests_of(lines))
            self._last_error = ""


def _caller(context: "grpc.aio.ServicerContext[bytes, bytes]") -> Caller:
    certificate = context.auth_context()
    identities = frozenset(name.decode() for field in _NAMES for name in certificate.get(field, ()))
    metadata = context.invocation_metadata() or ()
    authorization = next((str(value) for key, value in metadata if key == "authorization"), "")
    return Caller(identities, authorization)
