"""Messages of a source: their disposition, the label they are counted under, and the Source protocol. Pure."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple, Protocol

from common.post import LightPost
from ingest.events import AuthorDelete, Event, Follow, PostDelete


class Disposition(StrEnum):
    """Whether a message is sent, ignored as irrelevant, or dropped as invalid."""

    SENT = "sent"
    IGNORED = "ignored"
    DROPPED = "dropped"


class ParsedMessage(NamedTuple):
    """One message of a source.

    label: a word of a closed set of its source, the kind when sent or ignored, the reason when dropped. event: what to
    send, None unless sent. position: where the source resumes to miss nothing after this message, empty where it has
    none. detail: the flaw of a dropped message, never its content.
    """

    disposition: Disposition
    label: str
    event: Event | Follow | None = None
    position: str = ""
    detail: str = ""
    has_bad_date: bool = False


TOO_LARGE = "too_large"
"""Reason for dropping a message that is larger than a source reads into memory."""


def too_large(limit: int) -> ParsedMessage:
    """A message of more than limit bytes, dropped."""
    return ParsedMessage(Disposition.DROPPED, TOO_LARGE, detail=f"more than {limit:,} bytes")


class Source(Protocol):
    """Yields messages from outside Kafka."""

    @property
    def name(self) -> str:
        """One word, under which counts and position are stored."""
        ...

    @property
    def expected(self) -> int | None:
        """Number of messages until the end, None when it is unknown."""
        ...

    @property
    def reconnects(self) -> int:
        """Number of reconnects after a lost connection. For any thread."""
        ...

    @property
    def first_position(self) -> str:
        """Position at which a run without one began, empty while it is unknown or there are none. For any thread."""
        ...

    def listen(self, position: str, should_stop: Callable[[], bool]) -> Iterator[ParsedMessage]:
        """Yield messages from position on (empty: the source's own start), until the source ends or should_stop.

        A lost connection is re-established with a growing delay, from where it stopped. Notices should_stop soon, also
        while no message comes. Blocks. ConfigurationError: retrying does not help.
        """
        ...


class SentKind(StrEnum):
    """Kinds of sent messages. A closed set. A reply or repost with a video counts as a reply or repost."""

    POST = "post"
    REPLY = "reply"
    REPOST = "repost"
    VIDEO = "video"
    DELETE = "delete"
    AUTHOR_DELETE = "author_delete"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"


def sent_message(event: Event | Follow, position: str = "", *, has_bad_date: bool = False) -> ParsedMessage:
    """A message to send."""
    return ParsedMessage(Disposition.SENT, sent_kind(event), event, position, has_bad_date=has_bad_date)


def sent_kind(event: Event | Follow) -> SentKind:
    """The kind under which an event is counted."""
    match event:
        case LightPost():
            return _kind_of_post(event)
        case PostDelete():
            return SentKind.DELETE
        case AuthorDelete():
            return SentKind.AUTHOR_DELETE
        case Follow():
            return SentKind.UNFOLLOW if event.removed else SentKind.FOLLOW


def _kind_of_post(post: LightPost) -> SentKind:
    if post.is_retweet:
        return SentKind.REPOST
    if post.is_reply:
        return SentKind.REPLY
    return SentKind.VIDEO if post.has_video else SentKind.POST
