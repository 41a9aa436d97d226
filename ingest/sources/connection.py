"""A connection that is made again whenever it is lost, whatever network it belongs to."""

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
    """How long to bear with a server.

    longest_silence: seconds without a message after which a connection counts as lost, be it half-open or stuck.
    backoff: waits between attempts, first and longest in seconds.
    """

    longest_silence: float = 60.0
    backoff: Backoff = Backoff(first=1.0, longest=60.0)


RECONNECT_POLICY = ReconnectPolicy()
"""With servers on the internet."""


class Attempts:
    """How often a source failed to get any further."""

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff
        self._lost_at: str | None = None
        self.failures = 0

    def lost(self, position: str, asked_for: float) -> float:
        """A connection was lost, or none was made, after the message of that position. Return the seconds to wait.

        Whoever got further since the last loss begins anew; a server that accepts and hangs up is not hammered.
        asked_for: what the server asks to wait, in seconds; it gets at most the longest wait of the backoff.
        """
        self.failures = 1 if position != self._lost_at else self.failures + 1
        self._lost_at = position
        return max(self._backoff.delay(self.failures - 1), min(asked_for, self._backoff.longest))


T = TypeVar("T")

USER_AGENT = f"thunder-redis/{version('thunder-redis')}"
"""How a source introduces itself."""

OPEN_TIMEOUT = 10.0  # seconds

_GLANCE = 0.1  # seconds
_SHOWN = 100  # characters of a position
_WORTH_ANOTHER_TRY = frozenset({408, 425, 429})

_log = logging.getLogger("thunder.source")


class ConnectionLost(Exception):
    """A connection could not be made, or ended; trying again may help.

    The message is a cause for the log, in our words. asked_for: seconds that the server asks to wait.
    """

    def __init__(self, cause: str, asked_for: float = 0.0) -> None:
        super().__init__(cause)
        self.asked_for = asked_for


class Connection(Generic[T]):
    """The messages of a server over as many connections as it takes, each from where the one before it stopped."""

    def __init__(
        self,
        name: str,
        open_stream: Callable[[str], Generator[T]],
        hear: Callable[[T], ParsedMessage],
        patience: ReconnectPolicy,
    ) -> None:
        """name: of the source, for the log.

        open_stream connects and reads from a position on (empty: from now on), in a thread of its own; it raises
        ConnectionLost or ConfigurationError. hear reads one message and never raises.
        """
        self._name = name
        self._open_stream = open_stream
        self._hear = hear
        self._patience = patience
        self._attempts = Attempts(patience.backoff)
        self._is_lost = False
        self.reconnects = 0

    def listen(self, position: str, should_stop: Callable[[], bool]) -> Iterator[ParsedMessage]:
        """Messages from position on until told to stop, which is noticed within a moment, whatever it waits for."""
        while not should_stop():
            try:
                for heard in self._connected(position, should_stop):
                    position = heard.position or position
                    yield heard
                if not should_stop():
                    raise ConnectionLost("the server ended the stream")
            except ConnectionLost as loss:
                _wait(self._lost(loss, position), should_stop)

    def _connected(self, position: str, should_stop: Callable[[], bool]) -> Iterator[ParsedMessage]:
        longest_silence = self._patience.longest_silence
        try:
            for message in read_in_thread(partial(self._open_stream, position), longest_silence, should_stop):
                self._resumed(position)
                yield self._hear(message)
        except Silence as silence:
            raise ConnectionLost(f"nothing was heard for {longest_silence:g} s") from silence

    def _lost(self, loss: ConnectionLost, position: str) -> float:
        """Say so, once until it is back. Return how long to wait."""
        if not self._is_lost:
            _log.warning("%s: connection lost: %s; trying again from %s", self._name, loss, _shown(position))
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
    """What it means that a server answers with an HTTP status other than the one hoped for.

    ConfigurationError: the request is wrong, so that the same one will not fare better.
    """
    if 400 <= status < 500 and status not in _WORTH_ANOTHER_TRY:
        return ConfigurationError(f"{url} refused the connection: HTTP status {status}")
    return ConnectionLost(f"the server answered with HTTP status {status}", asked_for)


def retry_after(header: str | None) -> float:
    """Seconds that a server's Retry-After asks to wait; 0 when it names none, or a date."""
    return float(header) if header and header.isascii() and header.isdecimal() else 0.0


def _shown(position: str) -> str:
    return ascii(position[:_SHOWN]) if position else "now on"


def _wait(seconds: float, should_stop: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not should_stop() and (rest := deadline - time.monotonic()) > 0:
        time.sleep(min(rest, _GLANCE))
