"""Serialises the answer: members are joined into a GetInNetworkPostsResponse without being parsed. Pure.

A member is a reversed protobuf message without its author. So the response is put together reversed, from its last
byte to its first, and turned round once.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter

from common.store.member import ID_SIZE, TAG_AUTHOR_ID, TAG_IS_REPLY, created_at, encode_id
from serve.query import Summary

_POSTS_FIELD = 0x0A  # GetInNetworkPostsResponse.posts, length-delimited
_PARTIAL = b"\x01\x10"  # GetInNetworkPostsResponse.partial = true, reversed
_HAS_MORE = b"\x01\x20"  # GetInNetworkPostsResponse.has_more = true, reversed
_LAST_BYTE = itemgetter(-1)
_AUTHOR_FIELD_SIZE = ID_SIZE + 1
_LENGTH_AND_TAG = [bytes((length + _AUTHOR_FIELD_SIZE, _POSTS_FIELD)) for length in range(128 - _AUTHOR_FIELD_SIZE)]
"""By the length of a member: the length of its post and the field's tag, reversed."""


@lru_cache(maxsize=200_000)
def _author_field(author_id: int) -> bytes:
    return encode_id(author_id) + bytes((TAG_AUTHOR_ID,))


class _AuthorFields(dict[int, bytes]):
    """Encoded authors of one answer, each looked up once."""

    def __missing__(self, author_id: int) -> bytes:
        field = self[author_id] = _author_field(author_id)
        return field


def response_bytes(posts: Sequence[bytes], author_of: Mapping[bytes, int], *, partial: bool, has_more: bool) -> bytes:
    """A serialised GetInNetworkPostsResponse of the members in their order."""
    members = posts[::-1]
    authors = map(_AuthorFields().__getitem__, map(author_of.__getitem__, members))
    lengths = map(_LENGTH_AND_TAG.__getitem__, map(len, members))
    pieces = chain.from_iterable(zip(members, authors, lengths, strict=True))
    flags = (_HAS_MORE if has_more else b"") + (_PARTIAL if partial else b"")
    return b"".join((flags, *pieces))[::-1]


def summarise(posts: Sequence[bytes], authors: int) -> Summary:
    """Facts of members, newest first, of this number of authors. A repost that is also a reply counts as a repost."""
    if not posts:
        return Summary(0, 0, 0, 0, 0)
    replies = bytes(map(_LAST_BYTE, posts)).count(TAG_IS_REPLY)
    return Summary(len(posts), replies, authors, newest=created_at(posts[0]), oldest=created_at(posts[-1]))
