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
from common.store.commands import pack_words, words
from common.store.keys import META, AuthorKeys, ViewerKeys, marks_key
from common.store.marks import Mark, encode_mark
from common.store.member import first_bytes

POSTS_PER_CALL = 128
"""Posts in a call: it blocks Redis for a millisecond or two."""

HASHES_PER_SWEEP = 4
"""Hashes in a call of sweep_hashes.lua, which reads up to MOST_PER_CALL records of each."""

MOST_PER_CALL = 500
"""Posts that a call of another program may have, and old entries of a set that a call removes: some 10 ms at most."""

_SLACK = b"%d" % TRIM_SLACK_SECONDS
_MOST = b"%d" % MOST_PER_CALL


class Script:
    """A Lua file, called by its hash."""

    def __init__(self, name: str) -> None:
        self.source = read_resource(f"lua/{name}.lua")
        self.sha = sha1(self.source.encode(), usedforsecurity=False).hexdigest()
        self._head = words((b"EVALSHA", self.sha.encode()))

    def call(self, keys: Sequence[bytes], args: Sequence[bytes]) -> bytes:
        """The packed EVALSHA."""
        return self.call_words(len(keys), len(args), words((*keys, *args)))

    def call_words(self, key_count: int, arg_count: int, joined: bytes) -> bytes:
        """The packed EVALSHA of keys and arguments that are words already."""
        return pack_words(3 + key_count + arg_count, self._head + words((b"%d" % key_count,)) + joined)


CLAIM_POSTS = Script("claim_posts")
SWEEP_HASHES = Script("sweep_hashes")
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
    SWEEP_HASHES,
    ADD_POSTS,
    REMOVE_POSTS,
    ERASE_AUTHOR,
    APPLY_FOLLOWS,
    WRITE_LAYOUT,
    RAISE_MARKS,
    STAMP_MARKS,
    REGISTER_MARKS,
)


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


def claim_posts(
    hashes: Sequence[bytes], due: Sequence[bytes], claims: Sequence[bytes], retention: Retention, now: int
) -> bytes:
    """Words of each event in order: of its hash, and of its claim; of the hashes whose TTL is due in between.

    Reply: documented in the script.
    """
    times = words((b"%d" % retention.oldest(now), b"%d" % now, b"%d" % retention.ttl_seconds))
    return CLAIM_POSTS.call_words(
        len(hashes) + len(due), 3 + 2 * len(claims), b"".join((*hashes, *due, times, *claims))
    )


def sweep_hashes(hashes: Sequence[bytes], retention: Retention, now: int) -> bytes:
    """Words of hashes, HASHES_PER_SWEEP at most. Reply: their number."""
    args = words((b"%d" % retention.oldest(now), b"%d" % retention.ttl_seconds, _MOST))
    return SWEEP_HASHES.call_words(len(hashes), 3, b"".join((*hashes, args)))


class AddedPosts(NamedTuple):
    """Posts for add_posts.lua as words, a part of them as videos too.

    posts, videos: of the set of each; deletions: of the deletions of each post's author, then of each video's; due: of
    sets whose TTL and trim are due; additions: of time and member of each post, then of each video.
    """

    posts: Sequence[bytes]
    videos: Sequence[bytes]
    deletions: Sequence[bytes]
    due: Sequence[bytes]
    additions: Sequence[bytes]


def add_posts(added: AddedPosts, retention: Retention, list_cap: int, now: int) -> bytes:
    """Claimed posts. Reply: members that an erasure of the author refuses."""
    posts, videos, deletions, due, additions = added
    limits = (retention.oldest(now), TRIM_SLACK_SECONDS, retention.ttl_seconds, list_cap, MOST_PER_CALL)
    args = words([b"%d" % number for number in (*limits, len(posts))])
    return ADD_POSTS.call_words(
        2 * len(additions) + len(due),
        6 + 2 * len(additions),
        b"".join((*posts, *videos, *deletions, *due, args, *additions)),
    )


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
