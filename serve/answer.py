"""The answer as bytes: members are joined into a serialised GetInNetworkPostsResponse without being parsed. Pure.

A member is a reversed protobuf message without its author. So the response is put together reversed, from its last
byte to its first, and turned round once.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter

from common.member import ID_SIZE, TAG_AUTHOR_ID, TAG_IS_REPLY, created_at, encode_id
from serve.query import Summary

_POSTS_FIELD = 0x0A  # GetInNetworkPostsResponse.posts, length-delimited
_PARTIAL = b"\x01\x10"  # GetInNetworkPostsResponse.partial = true, reversed
_LAST_BYTE = itemgetter(-1)
_AUTHOR_FIELD_SIZE = ID_SIZE + 1
_LENGTH_AND_TAG = [bytes((length + _AUTHOR_FIELD_SIZE, _POSTS_FIELD)) for length in range(128 - _AUTHOR_FIELD_SIZE)]
"""By the length of a member: the length of its post and the field's tag, reversed."""


@lru_cache(maxsize=200_000)
def _author_field(author_id: int) -> bytes:
    return encode_id(author_id) + bytes((TAG_AUTHOR_ID,))


def response_bytes(posts: Sequence[bytes], author_of: Mapping[bytes, int], *, partial: bool) -> bytes:
    """A serialised GetInNetworkPostsResponse of the members in their order."""
    pieces = [_PARTIAL] if partial else []
    for member in reversed(posts):
        pieces += (member, _author_field(author_of[member]), _LENGTH_AND_TAG[len(member)])
    return b"".join(pieces)[::-1]


def summarise(posts: Sequence[bytes], author_of: Mapping[bytes, int]) -> Summary:
    """Facts of members that are ordered newest first. A repost that is a reply, too, counts as a repost."""
    if not posts:
        return Summary(0, 0, 0, 0, 0)
    return Summary(
        posts=len(posts),
        replies=bytes(map(_LAST_BYTE, posts)).count(TAG_IS_REPLY),
        authors=len(set(map(author_of.__getitem__, posts))),
        newest=created_at(posts[0]),
        oldest=created_at(posts[-1]),
    )
