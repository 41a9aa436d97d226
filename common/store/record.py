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

from common.post import LightPost
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
_FIELDS = struct.Struct(">8QB")


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


def fingerprint(post: LightPost) -> bytes:
    """6 bytes that tell a repeat of a create from another create of the same id. The layout never changes."""
    flags = post.is_retweet | post.is_reply << 1 | post.has_video << 2
    fields = _FIELDS.pack(
        post.post_id,
        post.author_id,
        post.created_at,
        post.in_reply_to_post_id or 0,
        post.in_reply_to_user_id or 0,
        post.source_post_id or 0,
        post.source_user_id or 0,
        post.conversation_id or 0,
        flags,
    )
    return blake2b(fields, digest_size=6).digest()


def encode_record(post: LightPost, *, listed_as_video: bool) -> bytes:
    """Live record of a normalised post."""
    flags = (
        MEMBER_VERSION << VERSION_SHIFT
        | (REPLY if post.is_reply else 0)
        | (REPOST if post.is_retweet else 0)
        | (VIDEO if post.has_video else 0)
        | (LISTED_AS_VIDEO if listed_as_video else 0)
    )
    parent = b"" if post.in_reply_to_post_id is None else _ID.pack(post.in_reply_to_post_id)
    return _HEAD.pack(flags, post.created_at, post.author_id) + fingerprint(post) + parent


def live_record(held: bytes | None, cutoff: int) -> PostRecord | None:
    """The record if there is one, it is no tombstone and created_at >= cutoff (Unix seconds)."""
    if held is None or held[0] & TOMBSTONE:
        return None
    flags, created_at, author_id = _HEAD.unpack_from(held)
    if created_at < cutoff:
        return None
    parent = _ID.unpack_from(held, _PARENT_AT)[0] if len(held) > _PARENT_AT else None
    return PostRecord(created_at, author_id, bool(flags & REPLY), bool(flags & REPOST), bool(flags & VIDEO), parent)
