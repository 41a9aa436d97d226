# The row of a create: its member, record, and the words of commands that carry them (ingest/post_row.py).

cdef enum:
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
    TIME_SIZE = 5
    ID_SIZE = 9
    LARGEST_MEMBER = TIME_SIZE + 1 + 6 * (ID_SIZE + 1) + 3 * 2
    REPLY_FLAG = 0x02
    REPOST_FLAG = 0x04
    VIDEO_FLAG = 0x08
    LISTED_FLAG = 0x10
    LIVE_FLAGS = 1 << 5  # the version of members
    LARGEST_CLAIM = 4 + 8 + 7 + 27 + 2
    LARGEST_ADDITION = 5 + 10 + 2 + 5 + LARGEST_MEMBER + 2

if (
    TAG_POST_ID, TAG_AUTHOR_ID, TAG_CREATED_AT, TAG_IN_REPLY_TO_POST, TAG_IN_REPLY_TO_USER, TAG_IS_RETWEET, TAG_IS_REPLY,
    TAG_SOURCE_POST, TAG_SOURCE_USER, TAG_HAS_VIDEO, TAG_CONVERSATION, ID_SIZE,
) != (
    _member.TAG_POST_ID, _member.TAG_AUTHOR_ID, _member.TAG_CREATED_AT, _member.TAG_IN_REPLY_TO_POST, _member.TAG_IN_REPLY_TO_USER,
    _member.TAG_IS_RETWEET, _member.TAG_IS_REPLY, _member.TAG_SOURCE_POST, _member.TAG_SOURCE_USER,
    _member.TAG_HAS_VIDEO, _member.TAG_CONVERSATION, _member.ID_SIZE,
):
    raise ImportError("ingest/native was compiled for other members than common/store/member.py has")
if (REPLY_FLAG, REPOST_FLAG, VIDEO_FLAG, LISTED_FLAG, LIVE_FLAGS) != (
    _record.REPLY, _record.REPOST, _record.VIDEO, _record.LISTED_AS_VIDEO,
    _member.MEMBER_VERSION << _record.VERSION_SHIFT,
):
    raise ImportError("ingest/native was compiled for other records than common/store/record.py has")


cdef struct Post:
    # A LightPost. An id of 0 is absent.
    int64_t post_id
    int64_t author_id
    int64_t created_at
    int64_t reply_post
    int64_t reply_user
    int64_t source_post
    int64_t source_user
    int64_t root
    bint is_retweet
    bint is_reply
    bint has_video


cdef object row_of(const Post *post):
    """The row of a valid, normalised create: ids from 1 on or absent, created_at in 32 bits."""
    cdef uint8_t flags = LIVE_FLAGS
    cdef int64_t source_id = 0
    cdef tuple values
    if post.is_retweet:
        flags |= REPOST_FLAG
        if not post.is_reply and not post.has_video:
            source_id = post.source_post
    if post.is_reply:
        flags |= REPLY_FLAG
    if post.has_video:
        flags |= VIDEO_FLAG if post.is_reply else VIDEO_FLAG | LISTED_FLAG
    values = (post.post_id, post.author_id, post.created_at, source_id, flags, claim_of(post, flags), addition_of(post))
    return tuple.__new__(PostRow, values)


cdef bytes claim_of(const Post *post, uint8_t flags):
    """As claim_of() of common/store/record.py."""
    cdef uint8_t words[LARGEST_CLAIM]
    cdef uint8_t *at = words
    cdef bint has_parent = post.reply_post != 0
    at = put(at, b"$8\r\n", 4)
    put_big_endian(at, post.post_id)
    at = put(at + 8, b"\r\n$27\r\n" if has_parent else b"\r\n$19\r\n", 7)
    at[0] = flags
    put_big_endian(at + 1, <uint64_t>post.created_at << 32)  # 4 bytes; the author stands upon the rest
    put_big_endian(at + 5, post.author_id)
    put_fingerprint_of(at + 13, post)
    at += 19
    if has_parent:
        put_big_endian(at, post.reply_post)
        at += 8
    at = put(at, b"\r\n", 2)
    return PyBytes_FromStringAndSize(<char *>words, at - words)


cdef inline void put_fingerprint_of(uint8_t *out, const Post *post) noexcept:
    cdef uint64_t numbers[8]
    numbers[0] = post.post_id
    numbers[1] = post.author_id
    numbers[2] = post.created_at
    numbers[3] = post.reply_post
    numbers[4] = post.reply_user
    numbers[5] = post.source_post
    numbers[6] = post.source_user
    numbers[7] = post.root
    put_fingerprint(out, numbers, post.is_retweet | post.is_reply << 1 | post.has_video << 2)


cdef bytes addition_of(const Post *post):
    """Words of the time and the member."""
    cdef uint8_t member[LARGEST_MEMBER]
    cdef uint8_t words[LARGEST_ADDITION]
    cdef uint8_t *at = words
    cdef Py_ssize_t size = put_member(member, post) - member
    at = put_size(at, digits_of(post.created_at))
    at += put_decimal(at, post.created_at)
    at = put_size(put(at, b"\r\n", 2), size)
    at = put(at, <const char *>member, size)
    at = put(at, b"\r\n", 2)
    return PyBytes_FromStringAndSize(<char *>words, at - words)


cdef uint8_t *put_member(uint8_t *at, const Post *post) noexcept:
    """As encode_member() of common/store/member.py; return the end."""
    put_encoded(at, post.created_at, TIME_SIZE)
    at[TIME_SIZE] = TAG_CREATED_AT
    at = put_id(at + TIME_SIZE + 1, post.post_id, TAG_POST_ID)
    if post.has_video:
        at = put_true(at, TAG_HAS_VIDEO)
    at = put_id(at, post.source_post, TAG_SOURCE_POST)
    at = put_id(at, post.root, TAG_CONVERSATION)
    at = put_id(at, post.reply_user, TAG_IN_REPLY_TO_USER)
    at = put_id(at, post.reply_post, TAG_IN_REPLY_TO_POST)
    at = put_id(at, post.source_user, TAG_SOURCE_USER)
    if post.is_reply:
        at = put_true(at, TAG_IS_REPLY)
    return put_true(at, TAG_IS_RETWEET) if post.is_retweet else at


cdef inline uint8_t *put_id(uint8_t *at, int64_t id, uint8_t tag) noexcept:
    """Write an id with its tag unless it is absent."""
    if id == 0:
        return at
    put_encoded(at, id, ID_SIZE)
    at[ID_SIZE] = tag
    return at + ID_SIZE + 1


cdef inline uint8_t *put_true(uint8_t *at, uint8_t tag) noexcept:
    at[0] = 1
    at[1] = tag
    return at + 2


cdef inline uint8_t *put_size(uint8_t *at, Py_ssize_t size) noexcept:
    """Write what a word of this size begins with."""
    at[0] = c"$"
    at += 1 + put_decimal(at + 1, size)
    return put(at, b"\r\n", 2)


cdef inline uint8_t *put(uint8_t *at, const char *bytes, Py_ssize_t size) noexcept:
    memcpy(at, bytes, size)
    return at + size
