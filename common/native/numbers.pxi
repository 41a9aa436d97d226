# Numbers as bytes: of records, members and commands, and as protobuf's varints.

cdef inline uint64_t big_endian(const uint8_t *at) noexcept nogil:
    """The number in 8 bytes."""
    return (
        <uint64_t>at[0] << 56 | <uint64_t>at[1] << 48 | <uint64_t>at[2] << 40 | <uint64_t>at[3] << 32
        | <uint64_t>at[4] << 24 | <uint64_t>at[5] << 16 | <uint64_t>at[6] << 8 | <uint64_t>at[7]
    )


cdef inline void put_big_endian(uint8_t *out, uint64_t value) noexcept nogil:
    cdef int i
    for i in range(8):
        out[i] = <uint8_t>(value >> (56 - 8 * i))


cdef inline uint64_t decoded(const uint8_t *at, int size) noexcept nogil:
    """The number that encode_id (9 bytes) or encode_time (5 bytes) of common/store/member.py made."""
    cdef uint64_t value = 0
    cdef int i
    for i in range(size):
        value = value << 7 | (at[i] & 0x7F)
    return value


cdef inline void put_encoded(uint8_t *out, uint64_t value, int size) noexcept nogil:
    """The inverse of decoded()."""
    cdef int i = size - 1
    while i > 0:
        out[i] = 0x80 | (value & 0x7F)
        value >>= 7
        i -= 1
    out[0] = <uint8_t>value


cdef inline int digits_of(uint64_t value) noexcept nogil:
    cdef int count = 1
    while value >= 10:
        value //= 10
        count += 1
    return count


cdef inline int put_decimal(uint8_t *out, uint64_t value) noexcept nogil:
    """Write a number in digits, 20 at most; return how many."""
    cdef int count = digits_of(value)
    cdef int i = count
    while i > 0:
        i -= 1
        out[i] = <uint8_t>(c"0" + value % 10)
        value //= 10
    return count


cdef enum:
    LONGEST_ID = 9  # bytes of a varint below 2**63


cdef struct Field:
    # Bytes that are still to be read.
    const uint8_t *at
    const uint8_t *end


cdef inline bint read_varint(Field *field, uint64_t *value) noexcept nogil:
    """Read a number below 2**63; False where there is none."""
    cdef int count = 0
    value[0] = 0
    while field.at < field.end and count < LONGEST_ID:
        value[0] |= <uint64_t>(field.at[0] & 0x7F) << (7 * count)
        count += 1
        field.at += 1
        if (field.at - 1)[0] < 0x80:
            return True
    return False
