"""A connection that is made anew whenever it is lost, whatever network it belongs to."""

import logging
import time
from collections.abc import Callable, Generator, Iterator
from functools import partial
from importlib.metadata import version
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from common.errors import ConfigurationError
from ingest.sources.reader_thread import Silence, read_in_thread
from ingest.sources.reconnection import Attempts, Patience
from ingest.sources.source import Heard

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
        hear: Callable[[T], Heard],
        patience: Patience,
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

    def listen(self, position: str, told_to_stop: Callable[[], bool]) -> Iterator[Heard]:
        """Messages from position on until told to stop, which is noticed within a moment, whatever it waits for."""
        while not told_to_stop():
            try:
                for heard in self._connected(position, told_to_stop):
                    position = heard.position or position
                    yield heard
                if not told_to_stop():
                    raise ConnectionLost("the server ended the stream")
            except ConnectionLost as loss:
                _wait(self._lost(loss, position), told_to_stop)

    def _connected(self, position: str, told_to_stop: Callable[[], bool]) -> Iterator[Heard]:
        longest_silence = self._patience.longest_silence
        try:
            for message in read_in_thread(partial(self._open_stream, position), longest_silence, told_to_stop):
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


def refused(url: str, status: int, asked_for: float = 0.0) -> ConfigurationError | ConnectionLost:
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


def _wait(seconds: float, told_to_stop: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not told_to_stop() and (rest := deadline - time.monotonic()) > 0:
        time.sleep(min(rest, _GLANCE))
