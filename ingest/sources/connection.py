"""Reconnects to a streaming server whenever the connection is lost, for every live source."""

import logging
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from enum import Enum
from functools import partial
from typing import Generic, NamedTuple, TypeVar

from common.lifecycle import Stop
from common.timing import Backoff
from ingest.sources.message import ParsedMessage
from ingest.sources.reader_thread import Silence, read_in_thread


class ReconnectPolicy(NamedTuple):
    """Limits after which a connection counts as lost, and waits before the next attempt.

    longest_silence: seconds without a sign of life (a message, an answered ping) after which a connection counts as
    lost: half-open or stuck. backoff: waits between attempts, first and longest in seconds.
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


class Sign(Enum):
    """Sign of a server, which a stream yields between its messages."""

    CONNECTED = "connected"
    """The server has accepted; comes before the first message."""
    ALIVE = "alive"
    """The server has nothing to send, and has just shown that it is there."""


_POLL_SECONDS = 0.1
_MAX_SHOWN = 100  # characters of a position
_GRACE = 1.5
"""A stream notices silence itself; this many times as long without a sign of life, and it is stuck."""

_log = logging.getLogger("thunder.source")


class ConnectionLost(Exception):
    """A connection could not be made, or ended; trying again may help.

    The message is the cause, for the log. asked_for: seconds that the server asks to wait.
    """

    def __init__(self, cause: str, asked_for: float = 0.0) -> None:
        super().__init__(cause)
        self.asked_for = asked_for


class StreamProtocol(NamedTuple, Generic[T]):
    """Functions of a source that know the protocol of its server.

    open_stream: connects and reads from a position on (empty: from now on), in a thread of its own, and ends when the
    Stop is set; it raises ConnectionLost or ConfigurationError. parse: reads one message and never raises. position_at:
    the position of a time in Unix seconds.
    """

    open_stream: Callable[[str, Stop], Generator[T | Sign]]
    parse: Callable[[T], ParsedMessage]
    position_at: Callable[[float], str]


class Connection(Generic[T]):
    """Messages of a server over any number of connections, each resumed where the previous one stopped."""

    def __init__(self, name: str, protocol: StreamProtocol[T], policy: ReconnectPolicy) -> None:
        """name: of the source, for the log."""
        self._name = name
        self._protocol = protocol
        self._policy = policy
        self._attempts = Attempts(policy.backoff)
        self._is_lost = False
        self._received = 0
        self.reconnects = 0
        self.first_position = ""

    def listen(self, position: str, should_stop: Callable[[], bool]) -> Iterator[ParsedMessage]:
        """Yield messages from position on until should_stop, which is noticed within 0.1 s during every wait.

        Without a position, the time of the first connection is the first one, so that nothing after it is missed.
        """
        while not should_stop():
            try:
                with closing(self._connected(position, should_stop)) as messages:
                    for parsed in messages:
                        position = parsed.position or position
                        self._received += 1
                        yield parsed
                if not should_stop():
                    raise ConnectionLost("the server ended the stream")
            except ConnectionLost as loss:
                position = position or self.first_position
                _wait(self._lost(loss, position), should_stop)

    def _connected(self, position: str, should_stop: Callable[[], bool]) -> Generator[ParsedMessage]:
        began, silence = time.time(), self._policy.longest_silence * _GRACE
        open_stream = partial(self._protocol.open_stream, position)
        try:
            with closing(read_in_thread(open_stream, silence, should_stop)) as items:
                for item in items:
                    if item is Sign.CONNECTED:
                        self.first_position = position or self._protocol.position_at(began)
                        continue
                    self._resumed(position)
                    if not isinstance(item, Sign):
                        yield self._protocol.parse(item)
        except Silence as stuck:
            raise ConnectionLost(f"no sign of life for {silence:g} s") from stuck

    def _lost(self, loss: ConnectionLost, position: str) -> float:
        """Log the first loss until it is back. Seconds to wait."""
        if not self._is_lost:
            _log.warning("%s: connection lost: %s; reconnecting from %s", self._name, loss, _shown(position))
        self._is_lost = True
        return self._attempts.lost(position or str(self._received), loss.asked_for)

    def _resumed(self, position: str) -> None:
        if self._is_lost:
            self._is_lost = False
            self.reconnects += 1
            _log.info("%s: resumed from %s (attempt %d)", self._name, _shown(position), self._attempts.failures)


def _shown(position: str) -> str:
    return ascii(position[:_MAX_SHOWN]) if position else "now on"


def _wait(seconds: float, should_stop: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not should_stop() and (rest := deadline - time.monotonic()) > 0:
        time.sleep(min(rest, _POLL_SECONDS))
