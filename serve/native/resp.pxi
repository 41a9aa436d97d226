# Reads the replies of Redis (RESP2): bulk strings, arrays of them, and errors.

cdef enum:
    LONGEST_NUMBER = 10  # digits
    LONGEST_LINE = 65536
    LONGEST_BULK = 512 * 1024 * 1024
    SMALLEST_MEMBER = 5 + HEAD_SIZE + 2  # bytes of a reply: "$16", two ends of lines, and a head


cdef struct Cursor:
    # What is left of some replies.
    const uint8_t *at
    const uint8_t *end


cdef inline int64_t read_length(Cursor *cursor) except -2:
    """Read a length and the end of its line; -1 stands for none. DamagedReply."""
    cdef int64_t value = 0
    cdef int count = 0
    if cursor.end - cursor.at >= 4 and memcmp(cursor.at, b"-1\r\n", 4) == 0:
        cursor.at += 4
        return -1
    while cursor.at < cursor.end and c"0" <= cursor.at[0] <= c"9" and count < LONGEST_NUMBER:
        value = value * 10 + (cursor.at[0] - c"0")
        cursor.at += 1
        count += 1
    if not count or cursor.end - cursor.at < 2 or cursor.at[0] != c"\r" or cursor.at[1] != c"\n":
        raise DamagedReply("Redis sent a length that is none")
    cursor.at += 2
    return value


cdef inline uint8_t read_kind(Cursor *cursor) except 0:
    """Read the first byte of a reply. DamagedReply."""
    cdef uint8_t kind = cursor.at[0] if cursor.at < cursor.end else 0
    if kind == 0:
        raise DamagedReply("Redis sent less than its replies announce")
    cursor.at += 1
    return kind


cdef inline const uint8_t *read_bulk(Cursor *cursor, int64_t *size) except? NULL:
    """Read what follows the `$` of a bulk string; NULL and a size of -1 when there is none. DamagedReply."""
    cdef const uint8_t *value
    size[0] = read_length(cursor)
    if size[0] < 0:
        return NULL
    if cursor.end - cursor.at < size[0] + 2 or cursor.at[size[0]] != c"\r" or cursor.at[size[0] + 1] != c"\n":
        raise DamagedReply("Redis sent less than its replies announce")
    value = cursor.at
    cursor.at += size[0] + 2
    return value


cdef str read_error(Cursor *cursor):
    """Read what follows the `-` of an error. DamagedReply."""
    cdef const uint8_t *start = cursor.at
    cdef const uint8_t *end = <const uint8_t *>memchr(start, c"\r", cursor.end - start) if start < cursor.end else NULL
    if end == NULL or cursor.end - end < 2 or end[1] != c"\n":
        raise DamagedReply("Redis sent an error without an end")
    cursor.at = end + 2
    return start[: end - start].decode("utf-8", "replace")
