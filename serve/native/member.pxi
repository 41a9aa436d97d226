# A member of an author's list, and the fields of it that the read rules need (common/store/member.py, reply_filter.py).

cdef enum:
    IN_REPLY_TO_POST = 0x20
    IN_REPLY_TO_USER = 0x28
    IS_RETWEET = 0x30
    IS_REPLY = 0x38
    SOURCE_USER = 0x48
    CONVERSATION = 0x58
    NEWEST = 0x58
    AUTHOR_ID = 0x10
    TIME_SIZE = 5
    ID_SIZE = 9
    POST_ID_AT = 6
    IDENTITY_SIZE = 15
    HEAD_SIZE = 16  # of created_at and post_id with their tags, which every version of a member begins with
    LARGEST = 127 - (ID_SIZE + 1)  # a post with its author has one byte for its length in the response
    CAP_OF_LISTS = 5000

if (
    (IN_REPLY_TO_POST, IN_REPLY_TO_USER, IS_RETWEET, IS_REPLY, SOURCE_USER, CONVERSATION, NEWEST, AUTHOR_ID)
    != (
        _member.TAG_IN_REPLY_TO_POST, _member.TAG_IN_REPLY_TO_USER, _member.TAG_IS_RETWEET, _member.TAG_IS_REPLY,
        _member.TAG_SOURCE_USER, _member.TAG_CONVERSATION, _member.NEWEST_TAG, _member.TAG_AUTHOR_ID,
    )
    or (POST_ID_AT, IDENTITY_SIZE, ID_SIZE) != (_member.POST_ID.start, _member.POST_ID.stop, _member.ID_SIZE)
    or CAP_OF_LISTS != _member.LIST_CAP
):
    raise ImportError("serve/native was compiled for other members than common/store/member.py has")


cdef struct Entry:
    # A member, HEAD_SIZE bytes at least, which lie in a reply that the core holds.
    const uint8_t *bytes
    uint32_t size
    bint is_blocked  # whether it was left out as a repost of a blocked author's post


cdef inline int compared(const uint8_t *a, uint32_t a_size, const uint8_t *b, uint32_t b_size) noexcept nogil:
    """As Python compares bytes: below, at or above 0."""
    cdef int order = memcmp(a, b, min(a_size, b_size))
    if order != 0 or a_size == b_size:
        return order
    return 1 if a_size > b_size else -1


cdef int newest_first(const void *a, const void *b) noexcept nogil:
    """For qsort."""
    cdef const Entry *x = <const Entry *>a
    cdef const Entry *y = <const Entry *>b
    return compared(y.bytes, y.size, x.bytes, x.size)


cdef inline bint is_same_post(const Entry *a, const Entry *b) noexcept nogil:
    """Whether two members are of one post, maybe written by different versions."""
    return memcmp(a.bytes, b.bytes, IDENTITY_SIZE) == 0


cdef inline uint8_t last_byte(const Entry *entry) noexcept nogil:
    return entry.bytes[entry.size - 1]


cdef inline uint64_t post_of(const Entry *entry) noexcept nogil:
    return decoded(entry.bytes + POST_ID_AT, ID_SIZE)


cdef inline uint64_t time_of(const Entry *entry) noexcept nogil:
    return decoded(entry.bytes, TIME_SIZE)


cdef inline bint is_secondary(const Entry *entry) noexcept nogil:
    return last_byte(entry) == IS_REPLY or last_byte(entry) == IS_RETWEET


cdef inline bint is_reply(const Entry *entry) noexcept nogil:
    """Whether a secondary one is a reply."""
    return last_byte(entry) == IS_REPLY or entry.bytes[entry.size - 3] == IS_REPLY


cdef inline uint64_t id_field(const Entry *entry, int64_t tag_at, uint8_t tag) noexcept nogil:
    """The id before a tag; 0 when another tag is there, or no room for an id between it and the head."""
    if tag_at < HEAD_SIZE + ID_SIZE or entry.bytes[tag_at] != tag:
        return 0
    return decoded(entry.bytes + tag_at - ID_SIZE, ID_SIZE)


cdef inline uint64_t source_user_of_repost(const Entry *entry) noexcept nogil:
    """Id of the author whose post this one reposts; 0 when it is no repost, or does not say."""
    if last_byte(entry) != IS_RETWEET:
        return 0
    return id_field(entry, <int64_t>entry.size - (5 if entry.bytes[entry.size - 3] == IS_REPLY else 3), SOURCE_USER)


cdef inline int64_t after_source_user(const Entry *entry) noexcept nogil:
    """Index of the last byte before is_retweet, is_reply and source_user_id: 1 at least, as a head has 16 bytes."""
    cdef int64_t at = <int64_t>entry.size - 1
    if entry.bytes[at] == IS_RETWEET:
        at -= 2
    if entry.bytes[at] == IS_REPLY:
        at -= 2
    return at - (ID_SIZE + 1) if entry.bytes[at] == SOURCE_USER else at
