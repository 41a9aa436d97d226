"""Wikipedia and its sister projects live: Wikimedia's EventStreams, server-sent events over HTTP."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator

import httpx

from common.post import LightPost
from common.settings.source import Bots
from ingest.sources.connection import (
    OPEN_TIMEOUT,
    RECONNECT_POLICY,
    USER_AGENT,
    Connection,
    ConnectionLost,
    ReconnectPolicy,
    checked_url,
    rejected_by_server,
    retry_after,
)
from ingest.sources.message import Disposition, ParsedMessage, too_large
from ingest.sources.wikipedia.recent_change import IgnoredChange, parse_change, resume_id
from ingest.sources.wikipedia.server_sent_events import EventDecoder, SentEvent

_MAX_EVENT_BYTES = 1024 * 1024
_REMEMBERED_EVENTS = 100_000
_CONTENT_TYPE = "text/event-stream"

logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs every attempt


class WikipediaSource:
    """Yields the changes of all wikis, each once. A position is the id that the stream gives to an event.

    A server that ends the stream, as Wikimedia's do every quarter of an hour, is asked to go on where it stopped.
    """

    name = "wikipedia"
    expected = None

    def __init__(self, url: str, bots: Bots = Bots.INCLUDE, policy: ReconnectPolicy = RECONNECT_POLICY) -> None:
        """url: of the stream of recent changes. Raises ConfigurationError unless it is an http or https address."""
        self._url = checked_url(url, "http", "https")
        self._bots = bots
        self._longest_silence = policy.longest_silence
        self._seen = RecentlySeen(_REMEMBERED_EVENTS)
        self._connection = Connection(self.name, self._open, self._parse, policy)

    @property
    def reconnects(self) -> int:
        """Number of reconnects after a lost connection."""
        return self._connection.reconnects

    def listen(self, position: str, should_stop: Callable[[], bool]) -> Iterator[ParsedMessage]:
        """Yield changes after position (empty: from now on) until should_stop."""
        return self._connection.listen(position, should_stop)

    def _parse(self, sent: SentEvent) -> ParsedMessage:
        parsed = too_large(_MAX_EVENT_BYTES) if sent.data is None else parse_change(sent.data, self._bots)
        if isinstance(parsed.event, LightPost) and not self._seen.see(parsed.event.post_id):
            parsed = ParsedMessage(Disposition.IGNORED, IgnoredChange.REPEAT)
        return parsed._replace(position=sent.last_id)

    def _open(self, position: str) -> Generator[SentEvent]:
        """Events of one connection."""
        decoder = EventDecoder(_MAX_EVENT_BYTES)
        timeout = httpx.Timeout(OPEN_TIMEOUT, read=self._longest_silence)
        try:
            with httpx.stream(
                "GET", self._url, headers=_headers(position), timeout=timeout, follow_redirects=True
            ) as response:
                self._check(response)
                for piece in response.iter_bytes():
                    yield from decoder.decode(piece)
        except httpx.HTTPError as error:
            raise ConnectionLost(f"{type(error).__name__}: {error}", decoder.retry) from error
        raise ConnectionLost("the server ended the stream", decoder.retry)

    def _check(self, response: httpx.Response) -> None:
        if response.status_code != 200:
            raise rejected_by_server(self._url, response.status_code, retry_after(response.headers.get("Retry-After")))
        if not response.headers.get("Content-Type", "").startswith(_CONTENT_TYPE):
            raise ConnectionLost(f"the server answered with a content type other than {_CONTENT_TYPE}")


def _headers(position: str) -> dict[str, str]:
    """Of a request for the stream after position. Nothing is compressed, so that a small response never grows large."""
    headers = {
        "Accept": _CONTENT_TYPE,
        "Accept-Encoding": "identity",
        "Cache-Control": "no-store",
        "User-Agent": USER_AGENT,
    }
    return headers | {"Last-Event-ID": resume_id(position)} if position else headers


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
