"""Packs the commands of a part of a round, by hand because packing is most of the work of a read. Pure."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from itertools import compress
from typing import NamedTuple

from common.store.keys import DEFAULT_POST_HASHES, KeySpace
from common.store.member import decode_id
from common.store.record import record_field
from serve.timeline.read_core import Commands

KNOWN_AUTHORS = 500_000
"""Authors whose packed commands are kept: about 250 bytes each."""

KNOWN_HASHES = DEFAULT_POST_HASHES
"""Hashes of post records whose packed commands are kept: about 150 bytes each."""

_ZREVRANGE = b"*4\r\n$9\r\nZREVRANGE\r\n$%d\r\n%b\r\n$1\r\n0\r\n"  # all but the last rank
_KEY = slice(_ZREVRANGE.index(b"$%d"), -len(b"$1\r\n0\r\n"))  # the key in such a command
_ZREVRANGEBYSCORE = b"*7\r\n$16\r\nZREVRANGEBYSCORE\r\n"
_DOWN_TO = b"$4\r\n+inf\r\n%b$5\r\nLIMIT\r\n$1\r\n0\r\n%b"
_HGET = b"*3\r\n$4\r\nHGET\r\n$%d\r\n%b\r\n$8\r\n"  # all but the field


class _AuthorCommand(NamedTuple):
    """ZREVRANGE of an author's list, all but the last argument."""

    bucket: int
    posts: bytes
    videos: bytes


class _HashCommand(NamedTuple):
    """HGET from a hash of post records, all but the last argument."""

    bucket: int
    records: bytes


class ListRange(NamedTuple):
    """Part of each list that a request reads.

    oldest: created_at of the oldest entries to read, in Unix seconds; None to read on however old they are.
    """

    video: bool
    oldest: int | None


class Pipeline:
    """Commands of a part for one node, and the authors and parents of their replies."""

    def __init__(self) -> None:
        self.packed: list[bytes] = []
        self.authors: list[int] = []
        self.parents: list[bytes] = []

    def within(self, packer: "CommandPacker", readable: Collection[int]) -> "Pipeline":
        """The commands that read these buckets."""
        authors = [packer.bucket_of_author(author) in readable for author in self.authors]
        parents = [packer.bucket_of_post(parent) in readable for parent in self.parents]
        kept = Pipeline()
        kept.packed = [*compress(self.packed, (*authors, *parents))]
        kept.authors, kept.parents = [*compress(self.authors, authors)], [*compress(self.parents, parents)]
        return kept

    def commands(self, packer: "CommandPacker") -> Commands | None:
        """All of them, to be sent; None when there are none."""
        if not self.packed:
            return None
        authors, parents = self.authors, self.parents
        bucket = packer.bucket_of_author(authors[0]) if authors else packer.bucket_of_post(parents[0])
        return Commands(b"".join(self.packed), len(self.packed), bucket)


class CommandPacker:
    """Packs commands for a store with these keys, and keeps those that other requests need, too."""

    def __init__(self, keys: KeySpace) -> None:
        self._keys = keys
        self._author_command_of = lru_cache(maxsize=KNOWN_AUTHORS)(self._pack_author)
        self._hash_command_of = lru_cache(maxsize=KNOWN_HASHES)(self._pack_hash)

    def pack(
        self,
        authors: Sequence[int],
        parents: Sequence[bytes],
        depths: Mapping[int, int],
        lists: ListRange,
        node_of_bucket: Sequence[int],
    ) -> dict[int, Pipeline]:
        """Pack reads of authors' lists, to their depths, and of parents' records (encoded post ids), by their nodes."""
        pipelines: defaultdict[int, Pipeline] = defaultdict(Pipeline)
        depth_of = {depth: _last_arguments(depth, lists.oldest) for depth in set(map(depths.__getitem__, authors))}
        video, by_score, author_command_of = lists.video, lists.oldest is not None, self._author_command_of
        for author in authors:
            command = author_command_of(author)
            pipeline = pipelines[node_of_bucket[command.bucket]]
            read = command.videos if video else command.posts
            pipeline.packed.append((_by_score(read) if by_score else read) + depth_of[depths[author]])
            pipeline.authors.append(author)
        for parent in parents:
            post_id = decode_id(parent)
            command = self._hash_command_of(self._keys.post_hash_number(post_id))
            pipeline = pipelines[node_of_bucket[command.bucket]]
            pipeline.packed.append(command.records + record_field(post_id) + b"\r\n")
            pipeline.parents.append(parent)
        return pipelines

    def bucket_of_author(self, author: int) -> int:
        """Bucket of the author's lists."""
        return self._author_command_of(author).bucket

    def bucket_of_post(self, encoded_id: bytes) -> int:
        """Bucket of the post's record."""
        return self._hash_command_of(self._keys.post_hash_number(decode_id(encoded_id))).bucket

    def _pack_author(self, author: int) -> _AuthorCommand:
        keys = self._keys.author(author)
        return _AuthorCommand(
            keys.bucket, _ZREVRANGE % (len(keys.posts), keys.posts), _ZREVRANGE % (len(keys.videos), keys.videos)
        )

    def _pack_hash(self, number: int) -> _HashCommand:
        key = self._keys.post_hash(number)
        return _HashCommand(key.bucket, _HGET % (len(key.hash), key.hash))


@lru_cache(maxsize=4)
def packer_of(keys: KeySpace) -> CommandPacker:
    """The packer of a store with these keys, the same for all requests."""
    return CommandPacker(keys)


def _by_score(by_rank: bytes) -> bytes:
    """ZREVRANGEBYSCORE of the list that a packed ZREVRANGE reads, all but the last arguments."""
    return _ZREVRANGEBYSCORE + by_rank[_KEY]


def _last_arguments(depth: int, oldest: int | None) -> bytes:
    """Packed arguments that limit a read to its newest entries, and to times that are not before the oldest."""
    if oldest is None:
        return _bulk(b"%d" % (depth - 1))
    return _DOWN_TO % (_bulk(b"%d" % oldest), _bulk(b"%d" % depth))


def _bulk(value: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(value), value)
