"""Under which word what is sent is counted, whatever the source. Pure."""

from enum import StrEnum

from common.post import LightPost
from ingest.events import AuthorDelete, Event, Follow, PostDelete
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


def sent(event: Event | Follow, position: str = "", *, has_bad_date: bool = False) -> Heard:
    """A message that is to be sent."""
    return Heard(Fate.SENT, kind_of(event), event, position, has_bad_date=has_bad_date)


def kind_of(event: Event | Follow) -> SentKind:
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
