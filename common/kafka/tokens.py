"""Tokens for SASL OAUTHBEARER out of a file that another process renews: read again before the held one is old."""

import base64
import json
import logging
import time
from pathlib import Path
from typing import cast

from common.errors import ConfigurationError

_LONGEST_USE_SECONDS = 60.0
"""Time after which the file is read again at the latest: it may have a new token long before the old one expires."""

_log = logging.getLogger("thunder.kafka")


class TokenFile:
    """The token in a file. librdkafka calls it, from a thread of its own, when a new token is due."""

    def __init__(self, path: str) -> None:
        """Check that there is a token. ConfigurationError."""
        self._path = Path(path)
        self._held = self._read()

    def __call__(self, _: str | None = None) -> tuple[str, float]:
        """The token, and the time (Unix seconds) until which librdkafka uses it without asking again.

        The latest token serves until it expires while the file cannot be read. ConfigurationError.
        """
        try:
            self._held = self._read()
        except ConfigurationError as error:
            _log.warning("%s; the token that was read last is used while it lasts", error)
        now, expires_at = time.time(), expiry_of(self._held)
        if expires_at is not None and expires_at <= now:
            _log.error("kafka_oauth_token_file %s: the token in it has expired, brokers refuse it", self._path)
            raise ConfigurationError(f"kafka_oauth_token_file {self._path}: the token in it has expired")
        return self._held, min(now + _LONGEST_USE_SECONDS, expires_at or now + _LONGEST_USE_SECONDS)

    def _read(self) -> str:
        try:
            token = self._path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not ASCII"
            raise ConfigurationError(f"kafka_oauth_token_file {self._path}: {reason}") from error
        if not token:
            raise ConfigurationError(f"kafka_oauth_token_file {self._path}: the file is empty")
        return token


def expiry_of(token: str) -> float | None:
    """Time (Unix seconds) when a JSON Web Token expires; None for a token of another kind, or without an expiry."""
    claims = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        read = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    except ValueError:
        return None
    expiry = cast("dict[str, object]", read).get("exp") if isinstance(read, dict) else None
    return float(expiry) if isinstance(expiry, int | float) else None
