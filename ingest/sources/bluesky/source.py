"""Bluesky live: a Jetstream (v1, JSON) over a WebSocket."""

import threading
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.frames import CloseCode
from websockets.sync.client import ClientConnection, connect

from common.errors import ConfigurationError
from common.lifecycle import Stop
from common.timing import system_clock
from ingest.sources.bluesky import BlueskySettings
from ingest.sources.bluesky.jetstream import WANTED_COLLECTIONS, IgnoredKind, parse_jetstream_line
from ingest.sources.catalogue import OpenedSource, labels_of
from ingest.sources.connection import (
    RECONNECT_POLICY,
    Connection,
    ConnectionLost,
    ReconnectPolicy,
    Sign,
    StreamProtocol,
)
from ingest.sources.json_line import BadLineReason
from ingest.sources.jsonl.source import ReplaySource
from ingest.sources.message import ParsedMessage, SentKind, too_large
from ingest.sources.stream_request import (
    OPEN_TIMEOUT,
    checked_url,
    end_reads,
    rejected_by_server,
    retry_after,
    user_agent,
)

_MAX_MESSAGE_BYTES = 1024 * 1024
_REWIND_US = 5_000_000
_OPTIONS = ("wantedDids",)
"""Options of the address that a user may set; the others are this source's own, or change the form of messages."""
_CLOSE_TIMEOUT = 1.0  # seconds


def open_bluesky(settings: BlueskySettings) -> OpenedSource:
    """The network, or a recording of it from its beginning. ConfigurationError."""
    labels = labels_of(SentKind, IgnoredKind, BadLineReason)
    if settings.replay is None:
        source = BlueskySource(settings.jetstream_url, contact=settings.contact)
        return OpenedSource(source, labels, has_follows=True, is_live=True, from_now=settings.from_now)
    ends_at = system_clock if settings.move_times else None
    recording = ReplaySource("bluesky", Path(settings.replay), parse_jetstream_line, ends_at)
    return OpenedSource(recording, labels, has_follows=True)


class BlueskySource:
    """Yields the events of Bluesky. A position is the time of an event, in microseconds.

    Resuming goes back five seconds before the position: a Jetstream is only nearly in order, and events of one instant
    may be split by a loss. Repeated events are harmless, for every event may be applied twice.
    """

    name = "bluesky"
    expected = None

    def __init__(self, url: str, policy: ReconnectPolicy = RECONNECT_POLICY, contact: str | None = None) -> None:
        """url: the subscribe endpoint of a Jetstream; contact: of the operator, for the User-Agent.

        Raises ConfigurationError unless it is a ws or wss address without options that are not supported.
        """
        self._url = checked_url(url, ("ws", "wss"), _OPTIONS)
        self._user_agent = user_agent(contact)
        self._longest_silence = policy.longest_silence
        self._connection = Connection(self.name, StreamProtocol(self._open, _parse, _position_at), policy)

    @property
    def reconnects(self) -> int:
        """Number of reconnects after a lost connection."""
        return self._connection.reconnects

    @property
    def first_position(self) -> str:
        """Time of the first connection."""
        return self._connection.first_position

    def listen(self, position: str, should_stop: Callable[[], bool]) -> Iterator[ParsedMessage]:
        """Yield events from position on (empty: from now on) until should_stop."""
        return self._connection.listen(position, should_stop)

    def _open(self, position: str, abandoned: Stop) -> Generator[bytes | Sign | None]:
        """Messages of one connection; None stands for one that is too large, after which the connection ends."""
        try:
            with connect(
                _address(self._url, position),
                user_agent_header=self._user_agent,
                open_timeout=OPEN_TIMEOUT,
                ping_interval=None,  # a slow consumer reads no pongs either: only silence is asked about
                close_timeout=_CLOSE_TIMEOUT,
                max_size=_MAX_MESSAGE_BYTES,
            ) as socket:
                abandoned.call_when_set(partial(end_reads, socket.socket))
                yield Sign.CONNECTED
                yield from _messages(socket, self._longest_silence)
        except ConnectionClosed as closed:
            if _was_too_large(closed):
                yield None
            raise ConnectionLost(_how_it_closed(closed)) from closed
        except InvalidStatus as answer:
            headers = answer.response.headers
            raise rejected_by_server(
                self._url,
                answer.response.status_code,
                retry_after(headers.get("Retry-After")),
                bytes(answer.response.body),
            ) from answer
        except (OSError, ValueError, WebSocketException) as error:
            raise ConnectionLost(f"cannot connect: {error}") from error


def _messages(socket: ClientConnection, longest_silence: float) -> Generator[bytes | Sign]:
    """Messages, and a sign of life for each answered ping. Raises ConnectionLost after a longer silence.

    A ping is sent when nothing was read for half that time, so that its pong lies behind no unread messages.
    """
    pong: threading.Event | None = None
    while True:
        try:
            yield socket.recv(timeout=longest_silence / 2, decode=False)
            pong = None
        except TimeoutError:
            if pong is not None and not pong.is_set():
                raise ConnectionLost(f"no message and no answer to a ping for {longest_silence:g} s") from None
            if pong is not None:
                yield Sign.ALIVE
            pong = socket.ping()


def _position_at(at: float) -> str:
    return str(int(at * 1_000_000))


def _parse(message: bytes | None) -> ParsedMessage:
    return too_large(_MAX_MESSAGE_BYTES) if message is None else parse_jetstream_line(message)


def _address(url: str, position: str) -> str:
    """The address of the stream from position on. A Jetstream counts its cursor in microseconds."""
    wanted: list[tuple[str, object]] = [("wantedCollections", collection) for collection in WANTED_COLLECTIONS]
    wanted.append(("maxMessageSizeBytes", _MAX_MESSAGE_BYTES))
    if position:
        wanted.append(("cursor", max(0, _microseconds(position) - _REWIND_US)))
    return f"{url}{'&' if '?' in url else '?'}{urlencode(wanted)}"


def _microseconds(position: str) -> int:
    if not (position.isascii() and position.isdecimal() and len(position) < 20):
        raise ConfigurationError("a Jetstream is resumed from a time in microseconds")
    return int(position)


def _how_it_closed(closed: ConnectionClosed) -> str:
    if _was_too_large(closed):
        return f"a message had more than {_MAX_MESSAGE_BYTES:,} bytes"
    return "the server disconnected" if closed.rcvd is None else f"the server closed it with code {closed.rcvd.code}"


def _was_too_large(closed: ConnectionClosed) -> bool:
    """Whether it was this side that ended the connection, for the size of a message."""
    return closed.sent is not None and closed.sent.code == CloseCode.MESSAGE_TOO_BIG
