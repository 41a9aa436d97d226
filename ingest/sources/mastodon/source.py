"""Mastodon live: server-sent events of the streaming API, and what each means to a timeline."""

import re
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from enum import StrEnum
from typing import cast
from urllib.parse import quote, urlsplit

from common.errors import ConfigurationError
from common.ids import id_of_string, parse_id
from common.lifecycle import Stop
from common.post import LightPost
from common.settings.process import is_loopback
from ingest.events import PostDelete
from ingest.sources.catalogue import OpenedSource, labels_of
from ingest.sources.connection import RECONNECT_POLICY, Connection, ReconnectPolicy, Sign, StreamProtocol
from ingest.sources.event_stream.connection import MAX_EVENT_BYTES, EventStream
from ingest.sources.event_stream.decoder import SentEvent
from ingest.sources.json_line import BadLine, BadLineReason, date, member, member_or_empty, parse_object, text
from ingest.sources.mastodon import MastodonSettings
from ingest.sources.message import Disposition, ParsedMessage, SentKind, sent_message, too_large
from ingest.sources.stream_request import checked_url, shown_url

_LOCAL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_VIDEO = ("video", "gifv")
_PUBLIC = ("public", "unlisted")


class IgnoredStatus(StrEnum):
    """Kinds of messages that change no timeline. A closed set."""

    EDIT = "edit"
    NOT_PUBLIC = "not_public"
    NOTIFICATION = "notification"
    ANNOUNCEMENT = "announcement"
    OTHER = "other"


_IGNORED: Mapping[str, IgnoredStatus] = {
    "status.update": IgnoredStatus.EDIT,
    "notification": IgnoredStatus.NOTIFICATION,
    "announcement": IgnoredStatus.ANNOUNCEMENT,
    "announcement.reaction": IgnoredStatus.ANNOUNCEMENT,
    "announcement.delete": IgnoredStatus.ANNOUNCEMENT,
}


def open_mastodon(settings: MastodonSettings) -> OpenedSource:
    """A public stream of the server. ConfigurationError."""
    return OpenedSource(MastodonSource(settings), labels_of(SentKind, IgnoredStatus, BadLineReason), has_follows=False)


class MastodonSource:
    """Yields the public posts of a server from the time of the connection on. There are no positions."""

    name = "mastodon"
    expected = None
    first_position = ""

    def __init__(self, settings: MastodonSettings, policy: ReconnectPolicy = RECONNECT_POLICY) -> None:
        """Raises ConfigurationError unless the URL has neither options nor a token in the clear."""
        url, token = checked_url(settings.server_url, ("https", "http")), settings.access_token
        if token is not None and not _is_private(url):
            raise ConfigurationError(f"{shown_url(url)!r} would send the access token in the clear: use https://")
        # a redirect would take the token along, or lose it
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        self._stream = EventStream(
            stream_address(url, settings),
            settings.contact,
            policy.longest_silence,
            headers,
            follows_redirects=token is None,
        )
        self._connection = Connection(self.name, StreamProtocol(self._open, _parse, _no_position), policy)

    @property
    def reconnects(self) -> int:
        """Number of reconnects after a lost connection."""
        return self._connection.reconnects

    def listen(self, position: str, should_stop: Callable[[], bool]) -> Iterator[ParsedMessage]:
        """Yield posts from now on until should_stop."""
        return self._connection.listen("", should_stop)

    def _open(self, _position: str, abandoned: Stop) -> Generator[SentEvent | Sign]:
        return self._stream.read(abandoned)


def _is_private(url: str) -> bool:
    """Whether a request to the URL is encrypted, or stays on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")


def stream_address(url: str, settings: MastodonSettings) -> str:
    """The address of a stream of the server at that URL."""
    tag = f"?tag={quote(settings.hashtag.removeprefix('#'), safe='')}" if settings.hashtag else ""
    return f"{url.rstrip('/')}/api/v1/streaming/{settings.stream.replace(':', '/')}{tag}"


def _no_position(_at: float) -> str:
    return ""


def _parse(sent: SentEvent) -> ParsedMessage:
    return too_large(MAX_EVENT_BYTES) if sent.data is None else parse_event(sent.kind, sent.data, int(time.time()))


def parse_event(kind: str, data: bytes, now: int) -> ParsedMessage:
    """Parse one event; never raises. now in Unix seconds: when it was received.

    label: a SentKind, an IgnoredStatus, or a BadLineReason for what is dropped.
    """
    try:
        match kind:
            case "update":
                return _update(parse_object(data), now)
            case "delete":
                return sent_message(PostDelete(_id(data.decode(errors="replace").strip(), "the deleted id"), now))
            case "" | "message":
                raise BadLine(BadLineReason.BAD_FIELD, "an event without a name is none of Mastodon's")
            case _:
                return _ignored(_IGNORED.get(kind, IgnoredStatus.OTHER))
    except BadLine as bad:
        return ParsedMessage(Disposition.DROPPED, bad.reason, detail=str(bad))


def _ignored(kind: IgnoredStatus) -> ParsedMessage:
    return ParsedMessage(Disposition.IGNORED, kind)


def _update(status: Mapping[str, object], now: int) -> ParsedMessage:
    if status.get("visibility", "public") not in _PUBLIC:
        return _ignored(IgnoredStatus.NOT_PUBLIC)
    written_at = date(status, "created_at")
    created_at = now if written_at is None else min(written_at, now)
    post = LightPost(_id_of(status, "id"), _id_of(member(status, "account"), "id"), created_at)
    post = _reply(post, status) if status.get("reblog") is None else _repost(post, member(status, "reblog"))
    return sent_message(post, has_bad_date=written_at is None)


def _reply(post: LightPost, status: Mapping[str, object]) -> LightPost:
    """The post as a reply, if it is one; a parent that the server does not know has no id."""
    parent_id, user_id = (_id_or_none(status, name) for name in ("in_reply_to_id", "in_reply_to_account_id"))
    return post._replace(
        in_reply_to_post_id=parent_id,
        in_reply_to_user_id=user_id,
        is_reply=parent_id is not None or user_id is not None,
        has_video=_has_video(status),
    )


def _repost(post: LightPost, source: Mapping[str, object]) -> LightPost:
    """The post as a repost; a repost of a reply never counts as a video."""
    original = _reply(post, source)
    return post._replace(
        is_retweet=True,
        source_post_id=_id_of(source, "id"),
        source_user_id=_id_or_none(member_or_empty(source, "account"), "id"),
        has_video=original.has_video and not original.is_reply,
    )


def _has_video(status: Mapping[str, object]) -> bool:
    media = status.get("media_attachments")
    entries = cast("list[object]", media) if isinstance(media, list) else []
    return any(isinstance(entry, dict) and cast("dict[str, object]", entry).get("type") in _VIDEO for entry in entries)


def _id_or_none(container: Mapping[str, object], field: str) -> int | None:
    return None if container.get(field) is None else _id_of(container, field)


def _id_of(container: Mapping[str, object], field: str) -> int:
    return _id(text(container, field), field)


def _id(written: str, field: str) -> int:
    """The number of a decimal id, as Mastodon's are. Others, longer or of related software, count by their hash."""
    if not _LOCAL_ID.fullmatch(written):
        raise BadLine(BadLineReason.BAD_FIELD, f"{field} is no id")
    return parse_id(written) or id_of_string(written)
