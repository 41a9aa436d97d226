"""Reconnects to a streaming server whenever the connection is lost, for every live source."""

import logging
import time
from collections.abc import Callable, Generator, Iterator
from functools import partial
from importlib.metadata import version
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import urlsplit

from common.errors import ConfigurationError
from common.timing import Backoff
from ingest.sources.message import ParsedMessage
from ingest.sources.reader_thread import Silence, read_in_thread


class ReconnectPolicy(NamedTuple):
    """Limits after which a connection counts as lost, and waits before the next attempt.

    longest_silence: seconds without a message after which a connection counts as lost: half-open or stuck.
    backoff: waits between attempts, first and longest in seconds.
    """

    longest_silence: float = 60.0
    backoff: Backoff = Backoff(first=1.0, longest=60.0)


RECONNECT_POLICY = ReconnectPolicy()
"""For servers on the internet."""


class Attempts:
    """Counts the attempts in a row after which a source got no further."""

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff
        self._lost_at: str | None = None
        self.failures = 0

    def lost(self, position: str, asked_for: float) -> float:
        """Seconds to wait after a connection was lost, or not made, behind the message of that position.

        Progress since the previous loss resets the backoff; a server that accepts and hangs up is not flooded.
        asked_for: seconds that the server asks to wait, capped at the longest wait of the backoff.
        """
        self.failures = 1 if position != self._lost_at else self.failures + 1
        self._lost_at = position
        return max(self._backoff.delay(self.failures - 1), min(asked_for, self._backoff.longest))


T = TypeVar("T")

USER_AGENT = f"thunder-redis/{version('thunder-redis')}"
"""User-Agent of every source."""

OPEN_TIMEOUT = 10.0  # seconds

_POLL_SECONDS = 0.1
_MAX_SHOWN = 100  # characters of a position
_RETRYABLE = frozenset({408, 425, 429})

_log = logging.getLogger("thunder.source")


class ConnectionLost(Exception):
    """A connection could not be made, or ended; trying again may help.

    The message is the cause, for the log. asked_for: seconds that the server asks to wait.
    """

    def __init__(self, cause: str, asked_for: float = 0.0) -> None:
        super().__init__(cause)
        self.asked_for = asked_for


class Connection(Generic[T]):
    """Messages of a server over any number of connections, each resumed where the previous one stopped."""

    def __init__(
        self,
        name: str,
        open_stream: Callable[[str], Generator[T]],
        parse: Callable[[T], ParsedMessage],
        policy: ReconnectPolicy,
    ) -> None:
        """name: of the source, for the log.

        open_stream connects and reads from a position on (empty: from now on), in a thread of its own; it raises
        ConnectionLost or ConfigurationError. parse reads one message and never raises.
        """
        self._name = name
        self._open_stream = open_stream
        self._parse = parse
        self._policy = policy
        self._attempts = Attempts(policy.backoff)
        self._is_lost = False
        self.reconnects = 0

    def listen(self, position: str, should_stop: Callable[[], bool]) -> Iterator[ParsedMessage]:
        """Yield messages from position on until should_stop, which is noticed within 0.1 s during every wait."""
        while not should_stop():
            try:
                for parsed in self._connected(position, should_stop):
                    position = parsed.position or position
                    yield parsed
                if not should_stop():
                    raise ConnectionLost("the server ended the stream")
            except ConnectionLost as loss:
                _wait(self._lost(loss, position), should_stop)

    def _connected(self, position: str, should_stop: Callable[[], bool]) -> Iterator[ParsedMessage]:
        longest_silence = self._policy.longest_silence
        try:
            for message in read_in_thread(partial(self._open_stream, position), longest_silence, should_stop):
                self._resumed(position)
                yield self._parse(message)
        except Silence as silence:
            raise ConnectionLost(f"no message for {longest_silence:g} s") from silence

    def _lost(self, loss: ConnectionLost, position: str) -> float:
        """Log the first loss until it is back. Seconds to wait."""
        if not self._is_lost:
            _log.warning("%s: connection lost: %s; reconnecting from %s", self._name, loss, _shown(position))
        self._is_lost = True
        return self._attempts.lost(position, loss.asked_for)

    def _resumed(self, position: str) -> None:
        if self._is_lost:
            self._is_lost = False
            self.reconnects += 1
            _log.info("%s: resumed from %s (attempt %d)", self._name, _shown(position), self._attempts.failures)


def checked_url(url: str, *schemes: str) -> str:
    """The URL. Raises ConfigurationError when it has none of the schemes, or names no host."""
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good:
        raise ConfigurationError(f"{url!r} is not an address that starts with {' or '.join(schemes)}://")
    return url


def rejected_by_server(url: str, status: int, asked_for: float = 0.0) -> ConfigurationError | ConnectionLost:
    """Error for an unexpected HTTP status: ConfigurationError when the same request would be refused again."""
    if 400 <= status < 500 and status not in _RETRYABLE:
        return ConfigurationError(f"{url} refused the connection: HTTP status {status}")
    return ConnectionLost(f"the server answered with HTTP status {status}", asked_for)


def retry_after(header: str | None) -> float:
    """Seconds that a server's Retry-After asks to wait; 0 when it names none, or a date."""
    return float(header) if header and header.isascii() and header.isdecimal() else 0.0


def _shown(position: str) -> str:
    return ascii(position[:_MAX_SHOWN]) if position else "now on"


def _wait(seconds: float, should_stop: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not should_stop() and (rest := deadline - time.monotonic()) > 0:
        time.sleep(min(rest, _POLL_SECONDS))
