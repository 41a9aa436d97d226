"""Parts of the requests of all live sources: the address, the User-Agent, the reading of a refusal."""

import socket
from contextlib import suppress
from importlib.metadata import version
from urllib.parse import SplitResult, parse_qsl, urlsplit

from common.errors import ConfigurationError
from common.telemetry.logs import one_short_line
from ingest.sources.connection import ConnectionLost

OPEN_TIMEOUT = 10.0  # seconds

_RETRYABLE = frozenset({408, 425, 429})
_MAX_BODY_BYTES = 2048  # of a refusal


def checked_url(url: str, schemes: tuple[str, ...], options: tuple[str, ...] = ()) -> str:
    """The URL of a stream.

    Raises ConfigurationError when it has none of the schemes, names no host, or has an option besides these: one that
    a source does not know may change what the stream sends.
    """
    parts = _parts(url)
    if parts is None or parts.scheme not in schemes:
        raise ConfigurationError(f"{shown_url(url)!r} is not an address that starts with {' or '.join(schemes)}://")
    if parts.fragment:
        raise ConfigurationError(f"{shown_url(url)!r} must have no # part")
    for name, _ in parse_qsl(parts.query, keep_blank_values=True):
        if name not in options:
            raise ConfigurationError(
                f"{shown_url(url)!r}: its option {one_short_line(name)!r} is not supported: remove it; "
                f"supported: {', '.join(options) or 'none'}"
            )
    return url


def _parts(url: str) -> SplitResult | None:
    """Parts of the URL, None when it names no host."""
    try:
        parts = urlsplit(url)
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def shown_url(url: str) -> str:
    """The URL without a user, a password and options, for the log."""
    scheme, separator, rest = url.partition("?")[0].partition("#")[0].rpartition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def user_agent(contact: str | None) -> str:
    """The User-Agent of every source; contact: how to reach the operator."""
    agent = f"thunder-redis/{version('thunder-redis')}"
    return f"{agent} ({contact})" if contact else agent


def rejected_by_server(
    url: str, status: int, asked_for: float = 0.0, body: bytes = b""
) -> ConfigurationError | ConnectionLost:
    """Error for an unexpected HTTP status: ConfigurationError when the same request would be refused again."""
    reason = first_line(body)
    because = f": {reason}" if reason else ""
    if 400 <= status < 500 and status not in _RETRYABLE:
        return ConfigurationError(f"{shown_url(url)} refused the connection: HTTP status {status}{because}")
    return ConnectionLost(f"the server answered with HTTP status {status}{because}", asked_for)


def first_line(body: bytes) -> str:
    """The first line of a body that is not blank, short and printable; empty when there is none."""
    lines = (one_short_line(line).strip() for line in body[:_MAX_BODY_BYTES].decode(errors="replace").splitlines())
    return next((line for line in lines if line), "")


def retry_after(header: str | None) -> float:
    """Seconds that a server's Retry-After asks to wait; 0 when it names none, or a date."""
    return float(header) if header and header.isascii() and header.isdecimal() else 0.0


def end_reads(connected: socket.socket) -> None:
    """Make the thread that blocks in a read of the socket go on, and find the end of the stream. For any thread."""
    with suppress(OSError):
        # Not the method of a TLS socket: it would take the session away from the thread that reads.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
