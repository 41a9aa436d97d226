"""Wikipedia and its sister projects live: Wikimedia's EventStreams, server-sent events over HTTP."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime, timedelta

from common.lifecycle import Stop
from common.post import LightPost
from ingest.sources.catalogue import OpenedSource, labels_of
from ingest.sources.connection import (
    RECONNECT_POLICY,
    Connection,
    ReconnectPolicy,
    Sign,
    StreamProtocol,
)
from ingest.sources.event_stream.connection import MAX_EVENT_BYTES, EventStream
from ingest.sources.event_stream.decoder import SentEvent
from ingest.sources.json_line import BadLineReason
from ingest.sources.message import Disposition, ParsedMessage, too_large
from ingest.sources.stream_request import checked_url
from ingest.sources.wikipedia import WikipediaSettings
from ingest.sources.wikipedia.recent_change import Bots, ChangeKind, IgnoredChange, parse_change, resume_id

_REWIND = timedelta(seconds=5)
_REMEMBERED_EVENTS = 100_000

_log = logging.getLogger("thunder.source")


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
        parsed = too_large(MAX_EVENT_BYTES) if sent.data is None else parse_change(sent.data, self._bots)
        if isinstance(parsed.event, LightPost) and not self._seen.see(parsed.event.post_id):
            parsed = ParsedMessage(Disposition.IGNORED, IgnoredChange.REPEAT)
        return parsed._replace(position=sent.last_id)

    def _open(self, position: str, abandoned: Stop) -> Generator[SentEvent | Sign]:
        """Events of one connection."""
        has_id = position and not _is_time(position)
        headers = {"Last-Event-ID": resume_id(position)} if has_id else {}
        return EventStream(_address(self._url, position), self._contact, self._longest_silence, headers).read(abandoned)


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
