"""Decides what a batch of events writes to the store, call by call. Pure; post_writer carries it out.

A write is two idempotent steps. Step 1 claims post ids in the post family, which decides who wins. Step 2 puts the
winners into their authors' sets, or takes the deleted out of them.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from struct import Struct
from typing import NamedTuple, TypeVar

from common.retention import Retention
from common.store.commands import NodeCommand, pack_each, words
from common.store.keys import AuthorKeys, KeySpace, mix64
from common.store.record import FINGERPRINT_END, LISTED_AS_VIDEO, TOMBSTONE, PostRecord, record_field
from common.store.scripts import (
    HASHES_PER_SWEEP,
    POSTS_PER_CALL,
    AddedPosts,
    Removal,
    add_posts,
    claim_posts,
    remove_posts,
    sweep_hashes,
)
from ingest.events import AuthorDelete
from ingest.post_row import PostRow
from ingest.write.key_table import KeyTable

SWEEP_EVERY = 32
"""Posts, on average, after which a hash is swept. As many records may be kept in it that have expired."""

TRIM_EVERY = 64
"""Posts, on average, after which a set is trimmed to its cap."""

_TIME = Struct(">I")
_DELETED = Struct(">QII")  # author_id and created_at, zeros when unknown, and from when the tombstone lives

T = TypeVar("T")


class PlannedClaims(NamedTuple):
    """A call of step 1, and its events.

    Creates are claimed by a HSETNX each, and the first replies are theirs; other events by claim_posts.lua.
    """

    command: NodeCommand
    rows: Sequence[PostRow]


class PlannedReads(NamedTuple):
    """Commands that read records, and the ids of their posts."""

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


def split_claims(rows: Sequence[PostRow]) -> tuple[Sequence[PostRow], Sequence[PostRow]]:
    """Creates that HSETNX may claim, and the events of posts that the batch deletes: these keep their order."""
    deleted = {row.post_id for row in rows if row.flags == TOMBSTONE}
    if not deleted:
        return rows, ()
    return [row for row in rows if row.post_id not in deleted], [row for row in rows if row.post_id in deleted]


def split_by_holder(rows: Sequence[PostRow], replies: Sequence[int]) -> tuple[Sequence[PostRow], Sequence[PostRow]]:
    """Creates that won, and those whose id something holds: a repeat, another create, a tombstone or what expired.

    replies: to the HSETNX of each, and more.
    """
    if 0 not in replies[: len(rows)]:
        return rows, ()
    pairs = list(zip(rows, replies, strict=False))
    return [row for row, is_new in pairs if is_new], [row for row, is_new in pairs if not is_new]


def winners(rows: Sequence[PostRow], reply: bytes, keys: KeySpace) -> Winners:
    """Step 2, from the reply to one call of claim_posts.lua."""
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
        self._posts = KeyTable(lambda author: _with_deletions(keys.author(author), videos=False))
        self._videos = KeyTable(lambda author: _with_deletions(keys.author(author), videos=True))
        self._ttl = words((b"%d" % retention.ttl_seconds,))
        self.by_bucket = False

    def forget(self) -> None:
        """Refresh every TTL again: a call failed, or the store is another."""
        for table in (self._hashes, self._posts, self._videos):
            table.forget()

    def reads(self, ids: Collection[int]) -> Iterator[PlannedReads]:
        """Commands that read the records of posts."""
        for bucket, part in self._groups(ids, self._bucket_of_post).items():
            reads = [words((self._keys.post(post_id).hash, record_field(post_id))) for post_id in part]
            yield PlannedReads(NodeCommand(bucket, pack_each(b"HGET", 2, reads), len(reads)), part)

    def creates(self, rows: Sequence[PostRow], now: int) -> Iterator[PlannedClaims]:
        """Step 1 of creates, which HSETNX decides unless an id is held; then the upkeep of their hashes."""
        for bucket, part in self._groups(rows, self._bucket_of_claim).items():
            numbers = self._hash_numbers(part)
            hashes = self._hashes.words(numbers)
            claims = [key + row.claim for key, row in zip(hashes, part, strict=True)]
            due = [key + self._ttl for key in self._hashes.due(numbers, now)]
            sweeps = [sweep_hashes(few, self._retention, now) for few in _cut(_drawn(hashes, part), HASHES_PER_SWEEP)]
            packed = b"".join((pack_each(b"HSETNX", 3, claims), pack_each(b"EXPIRE", 2, due), *sweeps))
            yield PlannedClaims(NodeCommand(bucket, packed, len(claims) + len(due) + len(sweeps)), part)

    def claims(self, rows: Sequence[PostRow], now: int) -> Iterator[PlannedClaims]:
        """Step 1 of other events."""
        for bucket, part in self._parts(rows, self._bucket_of_claim):
            numbers = self._hash_numbers(part)
            hashes, due = self._hashes.words(numbers), self._hashes.due(numbers, now)
            packed = claim_posts(hashes, due, [row.claim for row in part], self._retention, now)
            yield PlannedClaims(NodeCommand(bucket, packed), part)

    def additions(self, rows: Sequence[PostRow], now: int) -> Iterator[NodeCommand]:
        """Calls of step 2 for creates."""
        for bucket, part in self._parts(rows, self._bucket_of_author):
            videos = [row for row in part if row.flags & LISTED_AS_VIDEO]
            authors, video_authors = [row.author_id for row in part], [row.author_id for row in videos]
            trimmed = [row.author_id for row in part if row.claim[FINGERPRINT_END] % TRIM_EVERY == 0]
            posts, video_sets = self._posts.words(authors), self._videos.words(video_authors)
            due = (*self._posts.due(authors, now, trimmed), *self._videos.due(video_authors, now))
            added = AddedPosts(
                [key for key, _ in posts],
                [key for key, _ in video_sets],
                [deletions for _, deletions in (*posts, *video_sets)],
                [key for key, _ in due],
                [row.addition for row in (*part, *videos)],
            )
            yield NodeCommand(bucket, add_posts(added, self._retention, self._list_cap, now))

    def removals(self, removals: Sequence[Removal], now: int) -> Iterator[NodeCommand]:
        """Calls of step 2 for deletes."""
        for bucket, part in self._parts(removals, lambda removal: removal.keys.bucket):
            yield NodeCommand(bucket, remove_posts(part, self._retention, now))

    def _hash_numbers(self, rows: Iterable[PostRow]) -> list[int]:
        hashes = self._keys.post_hashes
        return [mix64(row.post_id) % hashes for row in rows]

    def _bucket_of_post(self, post_id: int) -> int:
        return self._keys.post_hash_number(post_id) % self._keys.buckets

    def _bucket_of_claim(self, row: PostRow) -> int:
        return self._bucket_of_post(row.post_id)

    def _bucket_of_author(self, row: PostRow) -> int:
        return self._keys.author_bucket(row.author_id)

    def _groups(self, items: Collection[T], bucket_of: Callable[[T], int]) -> dict[int, Sequence[T]]:
        """Items in their order by a bucket of the node that runs their commands."""
        if not items:
            return {}
        if not self.by_bucket:
            return {0: [*items]}
        groups: dict[int, list[T]] = {}
        for item in items:
            groups.setdefault(bucket_of(item), []).append(item)
        return {**groups}

    def _parts(self, items: Collection[T], bucket_of: Callable[[T], int]) -> Iterator[tuple[int, Sequence[T]]]:
        """Items in their order, cut into those of one call, and a bucket of each part."""
        for bucket, group in self._groups(items, bucket_of).items():
            for part in _cut(group, POSTS_PER_CALL):
                yield bucket, part


def _with_deletions(author: AuthorKeys, *, videos: bool) -> tuple[bytes, bytes]:
    """Words of a set of the author, and of the deletions that keep posts out of it."""
    return words((author.videos if videos else author.posts,)), words((author.deletions,))


def _drawn(hashes: Sequence[bytes], rows: Sequence[PostRow]) -> list[bytes]:
    """Hashes of some rows, by the fingerprints of these, each once."""
    pairs = zip(hashes, rows, strict=True)
    return [*dict.fromkeys([key for key, row in pairs if row.claim[FINGERPRINT_END] % SWEEP_EVERY == 0])]


def _cut(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for first in range(0, len(items), size):
        yield items[first : first + size]
