r"""The member of an author's sorted sets: a LightPost that sorts as bytes and is sent without being parsed.

A member is the protobuf encoding of the post, without its author, **byte-reversed**. The encoding ends in post_id and
created_at as varints padded to 9 and 5 bytes, so the member begins with them, most significant bits first:

    index 0      5     6        15    16 ...                               last
          created_at | \x18 | post_id | \x08 | other fields, reversed ... | first tag

Members therefore compare like (created_at, post_id), and the reverse of a member is ready to be sent. All ids are
padded to 9 bytes, so offsets are fixed. The last byte is the tag of the first field; version 1 writes is_retweet and
is_reply first, so that one byte tells the kind.

Versions of members live side by side in one store. All of them share the first 16 bytes, by which posts are found and
removed. A later version ends in a byte above NEWEST_TAG: a reader of version 1 leaves such a member out and counts it.
Two members of one post, of two versions, count as one. A change that breaks these rules needs another layout version
(layout.py).
"""

from struct import Struct

from common.post import PostFields

MEMBER_VERSION = 1

LIST_CAP = 5000
"""Posts that each list of an author shows at most: writers trim a list to it now and then, readers stop there."""

TAG_POST_ID = 0x08
TAG_AUTHOR_ID = 0x10
TAG_CREATED_AT = 0x18
TAG_IN_REPLY_TO_POST = 0x20
TAG_IN_REPLY_TO_USER = 0x28
TAG_IS_RETWEET = 0x30
TAG_IS_REPLY = 0x38
TAG_SOURCE_POST = 0x40
TAG_SOURCE_USER = 0x48
TAG_HAS_VIDEO = 0x50
TAG_CONVERSATION = 0x58

NEWEST_TAG = TAG_CONVERSATION
"""The highest last byte of a member of version 1; lua/add_posts.lua knows it, too."""

LATEST_TIME = 2**35 - 1
"""The latest created_at that a member has room for, in Unix seconds."""

ID_SIZE = 9
POST_ID = slice(6, 15)
"""Position of the encoded post id in a member."""

_PAIR = [bytes((0x80 | value >> 7, 0x80 | value & 0x7F)) for value in range(1 << 14)]
_BYTE = [bytes((value,)) for value in range(256)]
_HEAD = Struct("s2s2sss2s2s2s2ss").pack
_CREATED_AT = _BYTE[TAG_CREATED_AT]
_POST_ID = _BYTE[TAG_POST_ID]
_HAS_VIDEO = bytes((1, TAG_HAS_VIDEO))
_IS_REPLY = bytes((1, TAG_IS_REPLY))
_IS_RETWEET = bytes((1, TAG_IS_RETWEET))
_SOURCE_POST = _BYTE[TAG_SOURCE_POST]
_CONVERSATION = _BYTE[TAG_CONVERSATION]
_IN_REPLY_TO_USER = _BYTE[TAG_IN_REPLY_TO_USER]
_IN_REPLY_TO_POST = _BYTE[TAG_IN_REPLY_TO_POST]
_SOURCE_USER = _BYTE[TAG_SOURCE_USER]


def encode_id(value: int) -> bytes:
    """63-bit id as a reversed varint of 9 bytes: compares like the number."""
    return (
        _BYTE[value >> 56]
        + _PAIR[value >> 42 & 0x3FFF]
        + _PAIR[value >> 28 & 0x3FFF]
        + _PAIR[value >> 14 & 0x3FFF]
        + _PAIR[value & 0x3FFF]
    )


def decode_id(encoded: bytes) -> int:
    """Inverse of encode_id, and of encode_time."""
    value = 0
    for byte in encoded:
        value = value << 7 | byte & 0x7F
    return value


def is_encoded_id(value: bytes) -> bool:
    """Whether these bytes are an encoded id, and not a name in ASCII."""
    return len(value) == ID_SIZE and value[1] >= 0x80


def encode_time(seconds: int) -> bytes:
    """Unix seconds (35 bits) as a reversed varint of 5 bytes: compares like the number."""
    return _BYTE[seconds >> 28] + _PAIR[seconds >> 14 & 0x3FFF] + _PAIR[seconds & 0x3FFF]


def created_at(member: bytes) -> int:
    """Unix seconds."""
    return decode_id(member[:5])


def post_id(member: bytes) -> int:
    """Id of the post."""
    return decode_id(member[POST_ID])


def first_bytes(created_at: int, post_id: int) -> bytes:
    """First bytes of every member of the post, the same in all versions."""
    return encode_time(created_at) + _BYTE[TAG_CREATED_AT] + encode_id(post_id)


def encode_member(post: PostFields) -> bytes:
    """Member of a normalised post: a function of the post alone, so that writing it again changes nothing."""
    post_id, _, created_at, reply_post, reply_user, is_retweet, is_reply, source_post, source_user, has_video, root = (
        post
    )
    member = _HEAD(
        _BYTE[created_at >> 28],
        _PAIR[created_at >> 14 & 0x3FFF],
        _PAIR[created_at & 0x3FFF],
        _CREATED_AT,
        _BYTE[post_id >> 56],
        _PAIR[post_id >> 42 & 0x3FFF],
        _PAIR[post_id >> 28 & 0x3FFF],
        _PAIR[post_id >> 14 & 0x3FFF],
        _PAIR[post_id & 0x3FFF],
        _POST_ID,
    )
    if has_video:
        member += _HAS_VIDEO
    if source_post:
        member += encode_id(source_post) + _SOURCE_POST
    if root:
        member += (member[POST_ID] if root == post_id else encode_id(root)) + _CONVERSATION
    if reply_user:
        member += encode_id(reply_user) + _IN_REPLY_TO_USER
    if reply_post:
        member += encode_id(reply_post) + _IN_REPLY_TO_POST
    if source_user:
        member += encode_id(source_user) + _SOURCE_USER
    if is_reply:
        member += _IS_REPLY
    return member + _IS_RETWEET if is_retweet else member
