"""Decides what a batch of events writes to the store, call by call. Pure; post_writer carries it out.

A write is two idempotent steps. Step 1 claims post ids in the post family, which decides who wins. Step 2 puts the
winners into their authors' sets, or takes the deleted out of them.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from struct import Struct
from typing import NamedTuple, TypeVar

from common.retention import Retention
from common.store.commands import NodeCommand, words
from common.store.keys import AuthorKeys, KeySpace, mix64
from common.store.record import LISTED_AS_VIDEO, TOMBSTONE, PostRecord
from common.store.scripts import (
    POSTS_PER_CALL,
    AddedPosts,
    Removal,
    add_posts,
    claim_posts,
    read_records,
    remove_posts,
)
from ingest.events import AuthorDelete
from ingest.post_row import PostRow
from ingest.write.key_table import KeyTable

_TIME = Struct(">I")
_DELETED = Struct(">QII")  # author_id and created_at, zeros when unknown, and from when the tombstone lives

T = TypeVar("T")


class PlannedClaims(NamedTuple):
    """A call of step 1, and its events."""

    command: NodeCommand
    rows: Sequence[PostRow]


class PlannedReads(NamedTuple):
    """A call that reads records, and the ids of their posts."""

    command: NodeCommand
    ids: Sequence[int]


class Winners(NamedTuple):
    """Writes of step 2. A row of additions has the flags of the record that holds."""

    additions: list[PostRow]
    removals: list[Removal]


def sub_batches(events: Iterable[PostRow | AuthorDelete]) -> Iterator[list[PostRow] | AuthorDelete]:
    """Cut a batch where a repost's video decision depends on an event before it. An author delete stands alone."""
    batch: list[PostRow] = []
    deciding: set[int] = set()
    for event in events:
        if isinstance(event, AuthorDelete):
            if batch:
                yield batch
            yield event
            batch, deciding = [], set()
            continue
        if event.source_id in deciding:
            yield batch
            batch, deciding = [], set()
        batch.append(event)
        if event.flags & (LISTED_AS_VIDEO | TOMBSTONE):
            deciding.add(event.post_id)
    if batch:
        yield batch


def needed_sources(rows: Iterable[PostRow]) -> list[int]:
    """Ids of the posts whose records decide whether a repost is listed as a video."""
    sources = dict.fromkeys([row.source_id for row in rows])
    sources.pop(0, None)
    return list(sources)


def with_videos_decided(rows: Sequence[PostRow], sources: Mapping[int, PostRecord | None]) -> list[PostRow]:
    """Contract 3.4: a repost of a live post that is no reply and has video is listed as a video.

    A repost whose source is missing from sources (its shard did not answer) is left out, for the next try.
    """
    videos = {post_id for post_id, source in sources.items() if source and source.has_video and not source.is_reply}
    return [
        row.listed_as_video() if row.source_id in videos else row
        for row in rows
        if not row.source_id or row.source_id in sources
    ]


def winners(rows: Sequence[PostRow], reply: bytes, keys: KeySpace) -> Winners:
    """Step 2, from the reply to one call of claim_posts.lua."""
    if reply == bytes([row.flags for row in rows]) and len(reply) == len(rows) and TOMBSTONE not in reply:
        return Winners([*rows], [])
    won = Winners([], [])
    at = 0
    for row in rows:
        if row.is_delete:
            author_id, created_at, deleted_at = _DELETED.unpack_from(reply, at)
            at += _DELETED.size
            if author_id:
                won.removals.append(Removal(keys.author(author_id), created_at, row.post_id, deleted_at))
            continue
        flags = reply[at]
        at += 1
        if flags == TOMBSTONE:
            (deleted_at,) = _TIME.unpack_from(reply, at)
            at += _TIME.size
            won.removals.append(Removal(keys.author(row.author_id), row.created_at, row.post_id, deleted_at))
        elif flags:
            won.additions.append(row._replace(flags=flags))
    return won


class CallPlanner:
    """Packs the calls of a write. For one thread: it knows which TTLs it has refreshed.

    A server alone runs a call of posts of all buckets; a node of a cluster runs calls of one bucket.
    """

    def __init__(self, keys: KeySpace, retention: Retention, list_cap: int) -> None:
        self._keys = keys
        self._retention = retention
        self._list_cap = list_cap
        self._hashes = KeyTable(lambda number: words((keys.post_hash(number).hash,)))
        self._posts = KeyTable(lambda author: _with_deletions(keys.author(author), videos=False), 2)
        self._videos = KeyTable(lambda author: _with_deletions(keys.author(author), videos=True), 2)
        self.by_bucket = False

    def forget(self) -> None:
        """Refresh every TTL again: a call failed."""
        for table in (self._hashes, self._posts, self._videos):
            table.forget()

    def reads(self, ids: Collection[int]) -> Iterator[PlannedReads]:
        """Calls that read the records of posts."""
        for bucket, part in self._parts(ids, self._bucket_of_post):
            taken = [words((self._keys.post(post_id).hash,)) for post_id in part]
            yield PlannedReads(NodeCommand(bucket, read_records(taken, part)), part)

    def claims(self, rows: Sequence[PostRow], now: int) -> Iterator[PlannedClaims]:
        """Calls of step 1."""
        hashes = self._keys.post_hashes
        for bucket, part in self._parts(rows, self._bucket_of_claim):
            taken = self._hashes.take([mix64(row.post_id) % hashes for row in part], now)
            packed = claim_posts(*taken, [row.claim for row in part], self._retention, now)
            yield PlannedClaims(NodeCommand(bucket, packed), part)

    def additions(self, rows: Sequence[PostRow], now: int) -> Iterator[NodeCommand]:
        """Calls of step 2 for creates."""
        for bucket, part in self._parts(rows, self._bucket_of_author):
            videos = [row for row in part if row.flags & LISTED_AS_VIDEO]
            posts, due = self._posts.take([row.author_id for row in part], now)
            video_sets, videos_due = self._videos.take([row.author_id for row in videos], now)
            additions = [row.addition for row in (*part, *videos)]
            added = AddedPosts(posts, video_sets, (*due, *videos_due), additions)
            yield NodeCommand(bucket, add_posts(added, self._retention, self._list_cap, now))

    def removals(self, removals: Sequence[Removal], now: int) -> Iterator[NodeCommand]:
        """Calls of step 2 for deletes."""
        for bucket, part in self._parts(removals, lambda removal: removal.keys.bucket):
            yield NodeCommand(bucket, remove_posts(part, self._retention, now))

    def _bucket_of_post(self, post_id: int) -> int:
        return self._keys.post(post_id).bucket

    def _bucket_of_claim(self, row: PostRow) -> int:
        return self._keys.post(row.post_id).bucket

    def _bucket_of_author(self, row: PostRow) -> int:
        return self._keys.author(row.author_id).bucket

    def _parts(self, items: Collection[T], bucket_of: Callable[[T], int]) -> Iterator[tuple[int, list[T]]]:
        """Items in their order, cut into those of one call, and a bucket of each part."""
        groups: dict[int, list[T]] = {}
        if self.by_bucket:
            for item in items:
                groups.setdefault(bucket_of(item), []).append(item)
        elif items:
            groups[0] = list(items)
        for bucket, group in groups.items():
            for first in range(0, len(group), POSTS_PER_CALL):
                yield bucket, group[first : first + POSTS_PER_CALL]


def _with_deletions(author: AuthorKeys, *, videos: bool) -> bytes:
    """Words of a set of the author, and of the deletions that keep posts out of it."""
    return words((author.videos if videos else author.posts, author.deletions))
