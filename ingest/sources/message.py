"""One message of a source, what becomes of it, and the word under which it is counted. Pure."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple, Protocol

from common.post import LightPost
from ingest.events import AuthorDelete, Event, Follow, PostDelete


class Disposition(StrEnum):
    """What becomes of a message of a source."""

    SENT = "sent"
    IGNORED = "ignored"
    DROPPED = "dropped"


class ParsedMessage(NamedTuple):
    """One message of a source.

    label says what it is, in a word of a closed set of its source: the kind of what is sent or ignored, the reason of
    what is dropped. event is what to send, None unless it is sent. position is where the source resumes to miss nothing
    after this message, empty where it has none. detail says what is wrong with a dropped message, never its content.
    """

    fate: Disposition
    label: str
    event: Event | Follow | None = None
    position: str = ""
    detail: str = ""
    has_bad_date: bool = False


TOO_LARGE = "too_large"
"""Why a message is dropped that no source takes into memory as a whole."""


def too_large(limit: int) -> ParsedMessage:
    """A message of more than limit bytes was heard of."""
    return ParsedMessage(Disposition.DROPPED, TOO_LARGE, detail=f"more than {limit:,} bytes")


class Source(Protocol):
    """Where events come from."""

    @property
    def name(self) -> str:
        """One word; counts and position are kept under it."""
        ...

    @property
    def expected(self) -> int | None:
        """How many messages there will be, None when nobody knows."""
        ...

    @property
    def reconnects(self) -> int:
        """How often a lost connection was made anew. For any thread."""
        ...

    def listen(self, position: str, should_stop: Callable[[], bool]) -> Iterator[ParsedMessage]:
        """Messages from position on (empty: the source's own start), until it ends or is told to stop.

        A lost connection is made anew with a growing delay, from where it stopped. It ends soon after it is told to
        stop, also when nothing is heard. Blocks. ConfigurationError: trying again does not help.
        """
        ...


class SentKind(StrEnum):
    """What is sent. A closed set. A reply or a repost with a video counts as what it is first."""

    POST = "post"
    REPLY = "reply"
    REPOST = "repost"
    VIDEO = "video"
    DELETE = "delete"
    AUTHOR_DELETE = "author_delete"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"


def sent_message(event: Event | Follow, position: str = "", *, has_bad_date: bool = False) -> ParsedMessage:
    """A message that is to be sent."""
    return ParsedMessage(Disposition.SENT, sent_kind(event), event, position, has_bad_date=has_bad_date)


def sent_kind(event: Event | Follow) -> SentKind:
    """What the event is counted as."""
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
