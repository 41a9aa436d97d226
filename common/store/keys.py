"""Every key in Redis is built here, and nowhere else.

All keys carry a hash tag. An author's keys share the tag of the author's bucket, a post's record the tag of the
bucket of its hash: so a bucket lies in one slot, and the node of a bucket is found by a table look-up.
"""

from typing import NamedTuple

DEFAULT_BUCKETS = 256
DEFAULT_POST_HASHES = 65_536

META = b"m:{meta}"
"""Hash: layout version, bucket counts, retention, lineage of this store."""

CATCH_UP = b"s:{meta}"
"""Hash: which partitions ingest has caught up with."""

WORKERS = b"s:{meta}:workers"
"""Hash: status of each ingest worker, for the live page."""

NAMES = b"n:{meta}"
"""Hash: id in decimal -> display name, for the live page."""

AUTHOR_POSTS = b"a:{%d}:p:%d"
AUTHOR_VIDEOS = b"a:{%d}:v:%d"
"""Keys of an author's lists: bucket, author id."""

POST_HASH = b"p:{%d}:%d"
"""Key of a hash of post records: bucket, number of the hash."""

_MASK = 2**64 - 1


def mix64(value: int) -> int:
    """Spread a 64-bit value over 64 bits (the splitmix64 finaliser): ids end in bits that are nearly always 0."""
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


class AuthorKeys(NamedTuple):
    """The keys of one author, all in the slot of one bucket."""

    bucket: int
    posts: bytes  # sorted set: member by created_at
    videos: bytes  # sorted set: member by created_at
    deletions: bytes  # sorted set: encoded post id by the time of its delete, and the author's own erasure


class PostKey(NamedTuple):
    """Hash of a post's record, and its bucket."""

    bucket: int
    hash: bytes  # hash: post id (8 bytes, big-endian) -> record


class ViewerKeys(NamedTuple):
    """The keys of one viewer, all in the slot of one bucket."""

    bucket: int
    follows: bytes  # sorted set: ids of those followed, in decimal, by time of the follow; no TTL: they stay
    records: bytes  # hash: state of these follows (lua/apply_follows.lua); no TTL either
    removals: bytes  # sorted set: removed follows, by the time up to which they are removed


class KeySpace(NamedTuple):
    """Keys of a store with these counts, which are fixed when the store is created."""

    buckets: int = DEFAULT_BUCKETS
    post_hashes: int = DEFAULT_POST_HASHES

    def author(self, author_id: int) -> AuthorKeys:
        """Keys of the author."""
        bucket = self.author_bucket(author_id)
        return AuthorKeys(
            bucket,
            AUTHOR_POSTS % (bucket, author_id),
            AUTHOR_VIDEOS % (bucket, author_id),
            b"a:{%d}:d:%d" % (bucket, author_id),
        )

    def author_bucket(self, author_id: int) -> int:
        """Bucket of the author's keys."""
        return mix64(author_id) % self.buckets

    def viewer(self, viewer_id: int) -> ViewerKeys:
        """Keys of the viewer."""
        bucket = mix64(viewer_id) % self.buckets
        return ViewerKeys(
            bucket,
            b"f:{%d}:%d" % (bucket, viewer_id),
            b"fr:{%d}:%d" % (bucket, viewer_id),
            b"fu:{%d}:%d" % (bucket, viewer_id),
        )

    def post(self, post_id: int) -> PostKey:
        """Hash that holds the record of the post."""
        return self.post_hash(self.post_hash_number(post_id))

    def post_hash_number(self, post_id: int) -> int:
        """Number of the hash that holds the record of the post."""
        return mix64(post_id) % self.post_hashes

    def post_hash(self, number: int) -> PostKey:
        """The hash of that number, 0 <= number < post_hashes."""
        bucket = number % self.buckets
        return PostKey(bucket, POST_HASH % (bucket, number))


def source_key(source: str) -> bytes:
    """Hash: counts of a source since it was first used, and where it resumes."""
    return b"i:{meta}:%b" % source.encode()


def marks_key(bucket: int) -> bytes:
    """Hash: how far each partition of a topic is in this bucket (marks.py). No TTL."""
    return b"w:{%d}" % bucket


def bucket_tag(bucket: int) -> bytes:
    """The hash tag that every key of the bucket carries."""
    return b"%d" % bucket


FOLLOWS_PATTERN = b"f:{*}:*"
"""Matches the keys of all follow lists, as SCAN understands it."""

MARKS_PATTERN = b"w:{*}"
"""Matches the keys of all marks."""


def viewer_of(key: bytes) -> int:
    """Id of the viewer whose follow list this key holds."""
    return int(key.rpartition(b":")[2])
