"""The answer as bytes: members are joined into a serialised GetInNetworkPostsResponse without being parsed. Pure.

A member is a reversed protobuf message without its author. So the response is put together reversed, from its last
byte to its first, and turned round once.
"""

from collections.abc import Sequence
from functools import lru_cache

from common.member import ID_SIZE, TAG_AUTHOR_ID, TAG_IS_REPLY, TAG_IS_RETWEET, created_at, encode_id
from serve.merge import Passed
from serve.query import Summary
from serve.reply_facts import SECONDARY_TAGS

_POSTS_FIELD = 0x0A  # GetInNetworkPostsResponse.posts, length-delimited
_PARTIAL = b"\x01\x10"  # GetInNetworkPostsResponse.partial = true, reversed
_AUTHOR_FIELD_SIZE = ID_SIZE + 1
_LENGTH_AND_TAG = [bytes((length + _AUTHOR_FIELD_SIZE, _POSTS_FIELD)) for length in range(128 - _AUTHOR_FIELD_SIZE)]
"""By the length of a member: the length of its post and the field's tag, reversed."""


@lru_cache(maxsize=200_000)
def _author_field(author_id: int) -> bytes:
    return encode_id(author_id) + bytes((TAG_AUTHOR_ID,))


def response_bytes(posts: Sequence[Passed], *, partial: bool) -> bytes:
    """A serialised GetInNetworkPostsResponse of the posts in their order."""
    pieces = [_PARTIAL] if partial else []
    for member, author_id in reversed(posts):
        pieces += (member, _author_field(author_id), _LENGTH_AND_TAG[len(member)])
    return b"".join(pieces)[::-1]


def summarise(posts: Sequence[Passed]) -> Summary:
    """Facts of posts that are ordered newest first."""
    if not posts:
        return Summary(0, 0, 0, 0, 0)
    return Summary(
        posts=len(posts),
        replies=sum(member[-1] in SECONDARY_TAGS and _is_reply(member) for member, _ in posts),
        authors=len({author_id for _, author_id in posts}),
        newest=created_at(posts[0].member),
        oldest=created_at(posts[-1].member),
    )


def _is_reply(member: bytes) -> bool:
    return member[-1] == TAG_IS_REPLY or (member[-1] == TAG_IS_RETWEET and member[-3] == TAG_IS_REPLY)
