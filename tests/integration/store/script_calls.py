"""Calls of the scripts that write posts, from values that tests can read."""

from collections.abc import Sequence
from typing import NamedTuple

from common.post import LightPost
from common.retention import Retention
from common.store.commands import words
from common.store.keys import AuthorKeys
from common.store.member import encode_member
from common.store.record import record_field
from common.store.scripts import AddedPosts, add_posts, claim_posts, sweep_hashes

DELETE = b""
"""In place of a record: the claim is a delete."""


class Claim(NamedTuple):
    """A create with its record, or a delete."""

    hash: bytes
    post_id: int
    record: bytes


def claim_call(claims: Sequence[Claim], retention: Retention, now: int, *, due: Sequence[bytes] = ()) -> bytes:
    """due: hashes whose TTL is refreshed."""
    return claim_posts(
        [words((claim.hash,)) for claim in claims],
        [words((key,)) for key in due],
        [words((record_field(claim.post_id), claim.record)) for claim in claims],
        retention,
        now,
    )


class Addition(NamedTuple):
    """A post for its author's sets."""

    author: AuthorKeys
    post: LightPost
    is_video: bool = False


def add_call(
    additions: Sequence[Addition], retention: Retention, cap: int, now: int, *, due: Sequence[bytes] = ()
) -> bytes:
    """due: sets whose TTL is refreshed and that are trimmed."""
    videos = [addition for addition in additions if addition.is_video]
    added = AddedPosts(
        [words((author.posts,)) for author, _, _ in additions],
        [words((author.videos,)) for author, _, _ in videos],
        [words((author.deletions,)) for author, _, _ in (*additions, *videos)],
        [words((key,)) for key in due],
        [words((b"%d" % post.created_at, encode_member(post))) for _, post, _ in (*additions, *videos)],
    )
    return add_posts(added, retention, cap, now)


def sweep_call(hashes: Sequence[bytes], retention: Retention, now: int) -> bytes:
    return sweep_hashes([words((key,)) for key in hashes], retention, now)
