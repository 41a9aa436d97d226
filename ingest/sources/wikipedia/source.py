"""Wikipedia and its sister projects live: Wikimedia's EventStreams, server-sent events over HTTP."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx

from common.lifecycle import Stop
from common.post import LightPost
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
from ingest.sources.message import Disposition, ParsedMessage, too_large
from ingest.sources.stream_request import (
    OPEN_TIMEOUT,
    checked_url,
    end_reads,
    rejected_by_server,
    retry_after,
    user_agent,
)
from ingest.sources.wikipedia import WikipediaSettings
from ingest.sources.wikipedia.recent_change import Bots, ChangeKind, IgnoredChange, parse_change, resume_id
from ingest.sources.wikipedia.server_sent_events import EventDecoder, SentEvent

_MAX_EVENT_BYTES = 1024 * 1024
_REWIND = timedelta(seconds=5)
_REMEMBERED_EVENTS = 100_000
_CONTENT_TYPE = "text/event-stream"

_log = logging.getLogger("thunder.source")
logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs every attempt


def open_wikipedia(settings: WikipediaSettings) -> OpenedSource:
    """The stream of recent changes. ConfigurationError."""
    source = WikipediaSource(settings.recentchange_url, settings.bots, contact=settings.contact)
    labels = labels_of(ChangeKind, IgnoredChange, BadLineReason)
    return OpenedSource(source, labels, has_follows=False, is_live=True, from_now=settings.from_now)


class WikipediaSource:
    """Yields the changes of all wikis, each once.

    A position is the id that the stream gives to an event; before the first one, a time in Unix milliseconds.
    A server that ends the stream, as Wikimedia's do every quarter of an hour, is asked to go on where it stopped.
    """

    name = "wikipedia"
    expected = None

    def __init__(
        self,
        url: str,
        bots: Bots = Bots.INCLUDE,
        policy: ReconnectPolicy = RECONNECT_POLICY,
        contact: str | None = None,
    ) -> None:
        """url: of the stream of recent changes; contact: of the operator, for the User-Agent.

        Raises ConfigurationError unless it is an http or https address without options.
        """
        self._url = checked_url(url, ("http", "https"))
        self._bots = bots
        self._contact = contact
        self._longest_silence = policy.longest_silence
        self._seen = RecentlySeen(_REMEMBERED_EVENTS)
        self._connection = Connection(self.name, StreamProtocol(self._open, self._parse, _position_at), policy)

    @property
    def reconnects(self) -> int:
        """Number of reconnects after a lost connection."""
        return self._connection.reconnects

    @property
    def first_position(self) -> str:
        """Time of the first connection."""
        return self._connection.first_position

    def listen(self, position: str, should_stop: Callable[[], bool]) -> Iterator[ParsedMessage]:
        """Yield changes after position (empty: from now on) until should_stop."""
        if not self._contact:
            _log.warning(
                "%s: no contact is set, and the Wikimedia User-Agent policy asks for one: requests without it may be "
                "refused. Set --contact to an e-mail address or a URL",
                self.name,
            )
        return self._connection.listen(position, should_stop)

    def _parse(self, sent: SentEvent) -> ParsedMessage:
        parsed = too_large(_MAX_EVENT_BYTES) if sent.data is None else parse_change(sent.data, self._bots)
        if isinstance(parsed.event, LightPost) and not self._seen.see(parsed.event.post_id):
            parsed = ParsedMessage(Disposition.IGNORED, IgnoredChange.REPEAT)
        return parsed._replace(position=sent.last_id)

    def _open(self, position: str, abandoned: Stop) -> Generator[SentEvent | Sign]:
        """Events of one connection."""
        decoder = EventDecoder(_MAX_EVENT_BYTES)
        timeout = httpx.Timeout(OPEN_TIMEOUT, read=self._longest_silence)
        try:
            with httpx.stream(
                "GET",
                _address(self._url, position),
                headers=self._headers(position),
                timeout=timeout,
                follow_redirects=True,
            ) as response:
                abandoned.call_when_set(
                    partial(end_reads, response.extensions["network_stream"].get_extra_info("socket"))
                )
                self._check(response)
                yield Sign.CONNECTED
                for piece in response.iter_bytes():
                    yield Sign.ALIVE  # a comment, too, shows that the server is there
                    yield from decoder.decode(piece)
        except httpx.ReadTimeout as silence:
            raise ConnectionLost(f"the server sent nothing for {self._longest_silence:g} s", decoder.retry) from silence
        except httpx.HTTPError as error:
            raise ConnectionLost(f"{type(error).__name__}: {error}", decoder.retry) from error
        raise ConnectionLost("the server ended the stream", decoder.retry)

    def _check(self, response: httpx.Response) -> None:
        if response.status_code != 200:
            wait = retry_after(response.headers.get("Retry-After"))
            raise rejected_by_server(self._url, response.status_code, wait, _beginning(response))
        if not response.headers.get("Content-Type", "").startswith(_CONTENT_TYPE):
            raise ConnectionLost(f"the server answered with a content type other than {_CONTENT_TYPE}")

    def _headers(self, position: str) -> dict[str, str]:
        """Of a request for the stream after position. Nothing is compressed: a small response never grows large."""
        headers = {
            "Accept": _CONTENT_TYPE,
            "Accept-Encoding": "identity",
            "Cache-Control": "no-store",
            "User-Agent": user_agent(self._contact),
        }
        has_id = position and not _is_time(position)
        return headers | {"Last-Event-ID": resume_id(position)} if has_id else headers


def _address(url: str, position: str) -> str:
    """The address of the stream after position: an id goes into a header, a time, five seconds earlier, into here."""
    if not _is_time(position):
        return url
    since = datetime.fromtimestamp(int(position) / 1000, UTC) - _REWIND
    return f"{url}?since={since.isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"


def _position_at(at: float) -> str:
    return str(int(at * 1000))


def _is_time(position: str) -> bool:
    """Whether it is a position from before the first event."""
    return position.isascii() and position.isdecimal() and len(position) == len("1760000000000")


def _beginning(response: httpx.Response) -> bytes:
    """The first piece of a body as it was sent, empty when there is none."""
    try:
        return next(response.iter_raw(), b"")
    except httpx.HTTPError:
        return b""


class RecentlySeen:
    """Remembers the latest ids, a bounded number of them."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._ids: OrderedDict[int, None] = OrderedDict()

    def see(self, one: int) -> bool:
        """Whether this id is new. An id that is seen again is kept longer."""
        is_new = one not in self._ids
        self._ids[one] = None
        self._ids.move_to_end(one)
        if len(self._ids) > self._capacity:
            self._ids.popitem(last=False)
        return is_new
