"""What a line of a Jetstream is to whoever counts and sends: sent, ignored or dropped, and under which word. Pure."""

from enum import StrEnum

from common.post import LightPost
from ingest.events import AuthorDelete, Follow, PostDelete
from ingest.sources.jetstream import BadLine, IgnoredKind, Line, read_line
from ingest.sources.source import Fate, Heard


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


def hear_line(line: bytes | str) -> Heard:
    """Read one line of JSON; never raises. Its position is the time of the event, in microseconds as text.

    label: a SentKind, an IgnoredKind, or a BadLineReason for what is dropped.
    """
    try:
        read = read_line(line)
    except BadLine as bad:
        return Heard(Fate.DROPPED, bad.reason, detail=str(bad))
    return _heard(read)


def _heard(line: Line) -> Heard:
    position = str(line.time_us)
    if isinstance(line.outcome, IgnoredKind):
        return Heard(Fate.IGNORED, line.outcome, position=position)
    return Heard(Fate.SENT, _kind(line.outcome), line.outcome, position, has_bad_date=line.has_bad_date)


def _kind(event: LightPost | PostDelete | AuthorDelete | Follow) -> SentKind:
    match event:
        case LightPost():
            return _post_kind(event)
        case PostDelete():
            return SentKind.DELETE
        case AuthorDelete():
            return SentKind.AUTHOR_DELETE
        case Follow():
            return SentKind.UNFOLLOW if event.removed else SentKind.FOLLOW


def _post_kind(post: LightPost) -> SentKind:
    if post.is_retweet:
        return SentKind.REPOST
    if post.is_reply:
        return SentKind.REPLY
    return SentKind.VIDEO if post.has_video else SentKind.POST
