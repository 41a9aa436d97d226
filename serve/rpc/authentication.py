"""Authenticates callers by bearer token or client certificate, as the settings demand."""

import logging
import time
from pathlib import Path

import grpc

from common.errors import ConfigurationError
from common.settings.serve import CallerSettings
from common.timing import RateLimiter
from common.tls_files import WatchedFiles
from serve.rpc.callers import AllowedCallers, Caller, digests_of
from serve.rpc_errors import AUTH_ERRORS, RpcFailure

log = logging.getLogger("thunder.serve")

_SECONDS_BETWEEN_LOOKS = 1.0

_NAMES = ("x509_common_name", "x509_subject_alternative_name")
"""Where gRPC puts the names of a verified certificate."""


class Authenticator:
    """For one event loop. The file of tokens is read again when it changes; a bad one leaves the old tokens."""

    def __init__(self, settings: CallerSettings) -> None:
        """ConfigurationError when the file of tokens cannot be read."""
        self._tokens = Path(settings.grpc_tokens_file) if settings.grpc_tokens_file else None
        self._watched = WatchedFiles([self._tokens] if self._tokens else [])
        self._due = RateLimiter(_SECONDS_BETWEEN_LOOKS)
        self._complaint = ""
        self._allowed = AllowedCallers(settings.allowed_identities or None)
        if self._tokens:
            try:
                self._read_tokens(self._tokens)
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigurationError(f"the bearer tokens cannot be read (--grpc-tokens-file): {error}") from error

    def refusal(self, context: "grpc.aio.ServicerContext[bytes, bytes]") -> RpcFailure | None:
        """Why this call may not be made, None when it may."""
        if self._allowed == AllowedCallers():
            return None
        self._look_at_tokens()
        flaw = self._allowed.flaw(_caller(context))
        return AUTH_ERRORS[flaw] if flaw else None

    def _look_at_tokens(self) -> None:
        if self._tokens is None or not self._due.allow(time.monotonic()):
            return
        try:
            self._read_tokens(self._tokens)
        except (OSError, UnicodeDecodeError) as error:
            self._watched.forget()
            if str(error) != self._complaint:
                self._complaint = str(error)
                log.error("New bearer tokens cannot be read, the old ones stay: %s", error)

    def _read_tokens(self, path: Path) -> None:
        if self._watched.changed():
            with path.open(encoding="utf-8") as lines:
                self._allowed = self._allowed._replace(tokens=digests_of(lines))
            self._complaint = ""


def _caller(context: "grpc.aio.ServicerContext[bytes, bytes]") -> Caller:
    certificate = context.auth_context()
    identities = frozenset(name.decode() for field in _NAMES for name in certificate.get(field, ()))
    metadata = context.invocation_metadata() or ()
    authorization = next((str(value) for key, value in metadata if key == "authorization"), "")
    return Caller(identities, authorization)
