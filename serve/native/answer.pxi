# The answer: members joined into a GetInNetworkPostsResponse without being parsed (response.py).

cdef enum:
    POSTS_FIELD = 0x0A
    AUTHOR_FIELD_SIZE = ID_SIZE + 1


cdef inline void put_reversed(uint8_t *out, const uint8_t *bytes, uint32_t size) noexcept nogil:
    """Write bytes from the last to the first."""
    cdef uint64_t eight
    cdef int i
    while size >= 8:
        eight = big_endian(bytes + size - 8)
        for i in range(8):
            out[i] = <uint8_t>(eight >> 8 * i)
        out += 8
        size -= 8
    while size:
        size -= 1
        out[0] = bytes[size]
        out += 1


cdef bytes response_of(Merge merge, bint partial, bint has_more):
    """A serialised response: each post is its member, reversed, behind its author."""
    cdef Py_ssize_t i, size = 0
    cdef Entry *entry
    cdef uint8_t *out
    cdef uint8_t author[AUTHOR_FIELD_SIZE]
    for i in range(merge.n_shown):
        size += 2 + AUTHOR_FIELD_SIZE + merge.passed[i].entry.size
    body = PyBytes_FromStringAndSize(NULL, size + 2 * partial + 2 * has_more)
    out = <uint8_t *>PyBytes_AS_STRING(body)
    author[ID_SIZE] = AUTHOR_ID
    for i in range(merge.n_shown):
        entry = merge.passed[i].entry
        put_encoded(author, merge.authors[merge.passed[i].author].id, ID_SIZE)
        out[0] = POSTS_FIELD
        out[1] = <uint8_t>(AUTHOR_FIELD_SIZE + entry.size)  # below 128: LARGEST
        put_reversed(out + 2, author, AUTHOR_FIELD_SIZE)
        put_reversed(out + 2 + AUTHOR_FIELD_SIZE, entry.bytes, entry.size)
        out += 2 + AUTHOR_FIELD_SIZE + entry.size
    if partial:
        out = put(out, b"\x10\x01", 2)
    if has_more:
        out = put(out, b"\x20\x01", 2)
    return body


cdef object summary_of(const Candidate *posts, Py_ssize_t count, Py_ssize_t authors):
    """Facts of entries, newest first, of this number of authors."""
    cdef Py_ssize_t i, replies = 0
    if count == 0:
        return Summary(0, 0, 0, 0, 0)
    for i in range(count):
        replies += last_byte(posts[i].entry) == IS_REPLY
    return Summary(count, replies, authors, time_of(posts[0].entry), time_of(posts[count - 1].entry))


cdef Py_ssize_t authors_down_to(Merge merge, const Entry *oldest) noexcept:
    """Number of authors with an entry that is not older than this one."""
    cdef Py_ssize_t i, count = 0
    for i in range(merge.n_authors):
        if merge.authors[i].newest != NULL and newest_first(merge.authors[i].newest, oldest) <= 0:
            count += 1
    return count


cdef Py_ssize_t authors_of_shown(Merge merge) noexcept:
    """Number of authors of the entries that are shown."""
    cdef Py_ssize_t i, count = 0
    for i in range(merge.n_authors):
        merge.authors[i].is_counted = False
    for i in range(merge.n_shown):
        if not merge.authors[merge.passed[i].author].is_counted:
            merge.authors[merge.passed[i].author].is_counted = True
            count += 1
    return count


cdef object answer_of(Merge merge, bint is_partial):
    """The answer from all that was merged."""
    cdef Py_ssize_t retrieved = merge.n_retrieved
    cdef Py_ssize_t unreadable = merge.unreadable()
    cdef bint partial = is_partial or unreadable > 0
    cdef bint has_more = merge.has_more or (partial and merge.may_have_more())
    return Answer(
        response_of(merge, partial, has_more),
        partial,
        summary_of(
            merge.examined, retrieved, authors_down_to(merge, merge.examined[retrieved - 1].entry) if retrieved else 0
        ),
        summary_of(merge.passed, merge.n_shown, authors_of_shown(merge)),
        has_more,
        unreadable,
        merge.rules.blocked_authors,
        merge.n_blocked,
    )
