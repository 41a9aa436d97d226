"""A create or a delete of a post, packed once for all steps of its write: no other object is made of an event. Pure."""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, cast

from common.post import LightPost, PostFields
from common.store.member import encode_member
from common.store.record import LISTED_AS_VIDEO, TOMBSTONE, claim_of, claim_of_delete, listed_claim, live_flags
from ingest.events import AuthorDelete, Event, PostDelete


class PostRow(NamedTuple):
    """Author and time are 0 for a delete.

    source_id: of the post that decides whether this repost is listed among the videos, 0 when it decides alone.
    flags: of the record, TOMBSTONE for a delete. claim: words of field and record. addition: words of time and member.
    """

    post_id: int
    author_id: int
    created_at: int
    source_id: int
    flags: int
    claim: bytes
    addition: bytes

    @property
    def is_delete(self) -> bool:
        """Whether it is a delete."""
        return self.flags == TOMBSTONE

    def listed_as_video(self) -> "PostRow":
        """The repost as one of a video."""
        return self._replace(flags=self.flags | LISTED_AS_VIDEO, claim=listed_claim(self.claim))


StoreEvent = PostRow | AuthorDelete
"""An event for the store."""

_new_row = cast("Callable[[type[PostRow], tuple[int, int, int, int, int, bytes, bytes]], PostRow]", tuple.__new__)
"""Less work than PostRow(...)."""

_SIZES = [b"$%d\r\n" % size for size in range(128)]
"""Of members: none has 128 bytes."""


def create_row(post: PostFields) -> PostRow:
    """Row of a normalised create."""
    flags, member = live_flags(post), encode_member(post)
    post_id, author_id, created_at, _, _, is_retweet, is_reply, source_post, _, has_video, _ = post
    source_id = (source_post or 0) if is_retweet and not (is_reply or has_video) else 0
    addition = _time_word(created_at) + _SIZES[len(member)] + member + b"\r\n"
    return _new_row(PostRow, (post_id, author_id, created_at, source_id, flags, claim_of(post, flags), addition))


def store_event(event: Event) -> StoreEvent:
    """The event, whose create is normalised, as the store takes it."""
    match event:
        case LightPost():
            return create_row(event)
        case PostDelete():
            return delete_row(event.post_id)
        case AuthorDelete():
            return event


def delete_row(post_id: int) -> PostRow:
    """Row of a delete."""
    return PostRow(post_id, 0, 0, 0, TOMBSTONE, claim_of_delete(post_id), b"")


@lru_cache(maxsize=4096)
def _time_word(seconds: int) -> bytes:
    text = b"%d" % seconds
    return b"$%d\r\n%b\r\n" % (len(text), text)
