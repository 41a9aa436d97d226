"""Write scripts: the KEYS and ARGV of each file in lua/, by name.

A call is the bytes of one EVALSHA. Everything it touches lies in the slot of one bucket.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import sha1
from types import MappingProxyType
from typing import NamedTuple

from common.ids import IDS_PER_LIST
from common.resources import read_resource
from common.retention import TRIM_SLACK_SECONDS, Retention
from common.store.commands import pack
from common.store.keys import META, AuthorKeys, ViewerKeys, marks_key
from common.store.marks import Mark, encode_mark
from common.store.member import first_bytes

MOST_PER_CALL = 500
"""Posts in a call, and old entries of a set that a call removes: it blocks Redis for some 10 ms at most."""

_SLACK = b"%d" % TRIM_SLACK_SECONDS
_MOST = b"%d" % MOST_PER_CALL


class Script:
    """A Lua file, called by its hash."""

    def __init__(self, name: str) -> None:
        self.source = read_resource(f"lua/{name}.lua")
        self.sha = sha1(self.source.encode(), usedforsecurity=False).hexdigest()
        self._head = (b"EVALSHA", self.sha.encode())

    def call(self, keys: Sequence[bytes], args: Sequence[bytes]) -> bytes:
        """The packed EVALSHA."""
        return pack((*self._head, b"%d" % len(keys), *keys, *args))


CLAIM_POSTS = Script("claim_posts")
ADD_POSTS = Script("add_posts")
REMOVE_POSTS = Script("remove_posts")
ERASE_AUTHOR = Script("erase_author")
APPLY_FOLLOWS = Script("apply_follows")
WRITE_LAYOUT = Script("write_layout")
RAISE_MARKS = Script("raise_marks")
STAMP_MARKS = Script("stamp_marks")
REGISTER_MARKS = Script("register_marks")
SCRIPTS = (
    CLAIM_POSTS,
    ADD_POSTS,
    REMOVE_POSTS,
    ERASE_AUTHOR,
    APPLY_FOLLOWS,
    WRITE_LAYOUT,
    RAISE_MARKS,
    STAMP_MARKS,
    REGISTER_MARKS,
)

DELETE = b""
"""In place of a record: the claim is a delete."""


class Claim(NamedTuple):
    """One event for claim_posts.lua: a create with its record, or a delete."""

    hash: bytes
    field: bytes
    record: bytes


class Addition(NamedTuple):
    """One claimed post for add_posts.lua."""

    created_at: int
    member: bytes
    listed_as_video: bool


class FollowChange(NamedTuple):
    """One event of a viewer for apply_follows.lua. An id of 0 is none."""

    target_id: int
    follow_id: int
    at: int
    removed: bool


class FollowBounds(NamedTuple):
    """Bounds of what is kept of a viewer.

    cap: of the follows, and of the removals. remembered_seconds: how long a removal beats a follow that arrives late.
    ttl_seconds: a day more, for removals that are dated a little ahead.
    """

    cap: int = IDS_PER_LIST
    remembered_seconds: int = 30 * 86_400
    ttl_seconds: int = 31 * 86_400


FOLLOW_BOUNDS = FollowBounds()


class Removal(NamedTuple):
    """One deleted post for remove_posts.lua. deleted_at: from when its tombstone lives, in Unix seconds."""

    keys: AuthorKeys
    created_at: int
    post_id: int
    deleted_at: int


class MarkRaise(NamedTuple):
    """One partition for raise_marks.lua. known: the mark is not below this offset."""

    field: bytes
    known: int
    offset: int
    settled: int


class MarkStamp(NamedTuple):
    """One partition for stamp_marks.lua. held: the value that the new mark takes the place of, empty for none."""

    field: bytes
    held: bytes
    mark: Mark


def claim_posts(claims: Sequence[Claim], retention: Retention, now: int) -> bytes:
    """Claims of one bucket, in the order of their events. Reply: documented in the script."""
    args = [b"%d" % retention.oldest(now), b"%d" % now, b"%d" % retention.ttl_seconds]
    for claim in claims:
        args += (claim.field, claim.record)
    return CLAIM_POSTS.call([claim.hash for claim in claims], args)


def add_posts(
    additions: Sequence[tuple[AuthorKeys, Sequence[Addition]]], retention: Retention, list_cap: int, now: int
) -> bytes:
    """Claimed posts by author, authors of one bucket. Reply: members that an erasure of the author refuses."""
    keys: list[bytes] = []
    args = [b"%d" % retention.oldest(now), _SLACK, b"%d" % retention.ttl_seconds, b"%d" % list_cap, _MOST]
    for author, posts in additions:
        keys += (author.posts, author.videos, author.deletions)
        args.append(b"%d" % len(posts))
        for post in posts:
            args += (b"%d" % post.created_at, post.member, b"1" if post.listed_as_video else b"0")
    return ADD_POSTS.call(keys, args)


def remove_posts(removals: Sequence[Removal], retention: Retention, now: int) -> bytes:
    """Deleted posts of authors of one bucket. Reply: their number."""
    keys: list[bytes] = []
    args = [b"%d" % retention.oldest(now), _SLACK, b"%d" % retention.ttl_seconds, _MOST]
    for removal in removals:
        keys += (removal.keys.posts, removal.keys.videos, removal.keys.deletions)
        args += (first_bytes(removal.created_at, removal.post_id), b"%d" % removal.deleted_at)
    return REMOVE_POSTS.call(keys, args)


def erase_author(author: AuthorKeys, deleted_at: int, retention: Retention, now: int) -> bytes:
    """Refuse the author's creates up to deleted_at. Reply: members of some posts that this removes, none at the end."""
    keys = (author.posts, author.videos, author.deletions)
    times = (retention.oldest(now), now, deleted_at, retention.ttl_seconds)
    return ERASE_AUTHOR.call(keys, (*(b"%d" % time for time in times), _MOST))


def apply_follows(viewer: ViewerKeys, changes: Iterable[FollowChange], bounds: FollowBounds, now: int) -> bytes:
    """Events of one viewer, in any order. Reply: number of follows dropped because of the cap."""
    args = [b"%d" % bounds.cap, b"%d" % (now - bounds.remembered_seconds), b"%d" % bounds.ttl_seconds]
    for change in changes:
        args += (
            b"%d" % change.target_id,
            b"%d" % change.follow_id,
            b"%d" % change.at,
            b"1" if change.removed else b"0",
        )
    return APPLY_FOLLOWS.call((viewer.follows, viewer.records, viewer.removals), args)


def raise_marks(bucket: int, stamp: str, raises: Iterable[MarkRaise]) -> bytes:
    """Raise the marks of a bucket. Reply: fields that are refused."""
    args = [stamp.encode()]
    for mark in raises:
        args += (mark.field, b"%d" % mark.known, b"%d" % mark.offset, b"%d" % mark.settled)
    return RAISE_MARKS.call((marks_key(bucket),), args)


def stamp_marks(bucket: int, new_id: bytes, stamps: Iterable[MarkStamp], *, changes_id: bool) -> bytes:
    """Replace marks of a bucket, all or none. Reply: fields that hold something else, none when it is done."""
    args = [new_id, b"1" if changes_id else b"0"]
    for stamp in stamps:
        args += (stamp.field, stamp.held, encode_mark(stamp.mark))
    return STAMP_MARKS.call((marks_key(bucket),), args)


def register_marks(
    lineage: str,
    oldest: int,
    forgotten: Collection[bytes],
    fields: Iterable[bytes],
    topic_ids: Mapping[bytes, bytes] = MappingProxyType({}),
) -> bytes:
    """Register partitions (fields of the registry), forget others that are older than `oldest`.

    topic_ids: to be noted beside the registry, by their fields. Reply: 0 when the store has another lineage.
    """
    registered = (part for field in fields for part in (field, b""))
    noted = (part for pair in topic_ids.items() for part in pair)
    args = (lineage.encode(), b"%d" % oldest, b"%d" % len(forgotten), *forgotten, *registered, *noted)
    return REGISTER_MARKS.call((META,), args)
