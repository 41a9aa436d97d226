"""Record of a post: the few bytes by which parents, video sources, repeats and deletes are judged.

    live       flags 1 | created_at 4 | author_id 8 | fingerprint 6 | in_reply_to_post_id 8 (when present)
    tombstone  flags 1 | applied_at 4 | author_id 8 | created_at 4   (the last two when known)

Numbers are big-endian. In both cases the record counts while now - time <= retention.
flags: bit 0 tombstone, 1 reply, 2 repost, 3 has video, 4 listed among the videos, 5-7 member version (never 0 when
live). lua/claim_posts.lua reads the same layout.
"""

import struct
from hashlib import blake2b
from typing import NamedTuple

from common.post import PostFields
from common.store.member import MEMBER_VERSION

TOMBSTONE = 0x01
REPLY = 0x02
REPOST = 0x04
VIDEO = 0x08
LISTED_AS_VIDEO = 0x10
VERSION_SHIFT = 5

_HEAD = struct.Struct(">BIQ")
_ID = struct.Struct(">Q")
_PARENT_AT = 19
_FIELDS = struct.Struct(">8QB").pack
_NEW_HASH = blake2b(digest_size=6).copy
_CLAIM = struct.Struct(">4sQ7sBIQ6s2s").pack
_CLAIM_OF_REPLY = struct.Struct(">4sQ7sBIQ6sQ2s").pack
_RECORD_IN_CLAIM = slice(19, -2)
FINGERPRINT_END = 37
"""Position in a claim of the last byte of the fingerprint, which is as good as drawn at random."""

_LIVE = MEMBER_VERSION << VERSION_SHIFT


class PostRecord(NamedTuple):
    """A live record, as far as readers and the video rule need it."""

    created_at: int
    author_id: int
    is_reply: bool
    is_retweet: bool
    has_video: bool
    in_reply_to_post_id: int | None


def record_field(post_id: int) -> bytes:
    """Name of the post's field in its hash."""
    return post_id.to_bytes(8, "big")


def encode_record(post: PostFields, *, listed_as_video: bool) -> bytes:
    """Live record of a normalised post."""
    flags = live_flags(post) & ~LISTED_AS_VIDEO
    return claim_of(post, flags | (LISTED_AS_VIDEO if listed_as_video else 0))[_RECORD_IN_CLAIM]


def live_flags(post: PostFields) -> int:
    """Flags of a post that decides alone whether it is listed among the videos."""
    _, _, _, _, _, is_retweet, is_reply, _, _, has_video, _ = post
    flags = _LIVE
    if is_retweet:
        flags |= REPOST
    if is_reply:
        return flags | REPLY | VIDEO if has_video else flags | REPLY
    return flags | VIDEO | LISTED_AS_VIDEO if has_video else flags


def claim_of(post: PostFields, flags: int) -> bytes:
    """Field and record of a normalised post as two words of a command.

    The fingerprint, 6 bytes, tells a repeat of a create from another create of the same id; what it is made of never
    changes.
    """
    (
        post_id,
        author_id,
        created_at,
        reply_post,
        reply_user,
        is_retweet,
        is_reply,
        source_post,
        source_user,
        has_video,
        root,
    ) = post
    fields = _FIELDS(
        post_id,
        author_id,
        created_at,
        reply_post or 0,
        reply_user or 0,
        source_post or 0,
        source_user or 0,
        root or 0,
        is_retweet | is_reply << 1 | has_video << 2,
    )
    hashed = _NEW_HASH()
    hashed.update(fields)
    fingerprint = hashed.digest()
    if reply_post:
        return _CLAIM_OF_REPLY(
            b"$8\r\n", post_id, b"\r\n$27\r\n", flags, created_at, author_id, fingerprint, reply_post, b"\r\n"
        )
    return _CLAIM(b"$8\r\n", post_id, b"\r\n$19\r\n", flags, created_at, author_id, fingerprint, b"\r\n")


def claim_of_delete(post_id: int) -> bytes:
    """The same of a delete: an empty record."""
    return b"$8\r\n%b\r\n$0\r\n\r\n" % record_field(post_id)


def listed_claim(claim: bytes) -> bytes:
    """The claim of a live post that is listed among the videos."""
    at = _RECORD_IN_CLAIM.start
    return claim[:at] + bytes((claim[at] | LISTED_AS_VIDEO,)) + claim[at + 1 :]


def live_record(held: bytes | None, cutoff: int) -> PostRecord | None:
    """The record if there is one, it is no tombstone and created_at >= cutoff (Unix seconds)."""
    if held is None or held[0] & TOMBSTONE:
        return None
    flags, created_at, author_id = _HEAD.unpack_from(held)
    if created_at < cutoff:
        return None
    parent = _ID.unpack_from(held, _PARENT_AT)[0] if len(held) > _PARENT_AT else None
    return PostRecord(created_at, author_id, bool(flags & REPLY), bool(flags & REPOST), bool(flags & VIDEO), parent)
