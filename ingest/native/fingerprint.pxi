# The fingerprint of a create: BLAKE2b of its fields, 6 bytes of it (common/store/record.py).

cdef enum:
    FINGERPRINT_SIZE = 6
    HASHED_SIZE = 65  # eight numbers of 8 bytes and a byte of flags: less than a block of 128 bytes
    ROUNDS = 12

cdef uint64_t _START[8]
_START[:] = [
    <uint64_t>0x6A09E667F3BCC908, <uint64_t>0xBB67AE8584CAA73B, <uint64_t>0x3C6EF372FE94F82B,
    <uint64_t>0xA54FF53A5F1D36F1, <uint64_t>0x510E527FADE682D1, <uint64_t>0x9B05688C2B3E6C1F,
    <uint64_t>0x1F83D9ABFB41BD6B, <uint64_t>0x5BE0CD19137E2179,
]

# Order of the words in each round; rounds 10 and 11 are as 0 and 1.
cdef const uint8_t *_ORDER = (
    b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
    b"\x0e\x0a\x04\x08\x09\x0f\x0d\x06\x01\x0c\x00\x02\x0b\x07\x05\x03"
    b"\x0b\x08\x0c\x00\x05\x02\x0f\x0d\x0a\x0e\x03\x06\x07\x01\x09\x04"
    b"\x07\x09\x03\x01\x0d\x0c\x0b\x0e\x02\x06\x05\x0a\x04\x00\x0f\x08"
    b"\x09\x00\x05\x07\x02\x04\x0a\x0f\x0e\x01\x0b\x0c\x06\x08\x03\x0d"
    b"\x02\x0c\x06\x0a\x00\x0b\x08\x03\x04\x0d\x07\x05\x0f\x0e\x01\x09"
    b"\x0c\x05\x01\x0f\x0e\x0d\x04\x0a\x00\x07\x06\x03\x09\x02\x08\x0b"
    b"\x0d\x0b\x07\x0e\x0c\x01\x03\x09\x05\x00\x0f\x04\x08\x06\x02\x0a"
    b"\x06\x0f\x0e\x09\x0b\x03\x00\x08\x0c\x02\x0d\x07\x01\x04\x0a\x05"
    b"\x0a\x02\x08\x04\x07\x06\x01\x05\x0f\x0b\x09\x0e\x03\x0c\x0d\x00"
)


cdef inline uint64_t turned(uint64_t value, int bits) noexcept nogil:
    return value >> bits | value << (64 - bits)


cdef inline void mix(uint64_t *v, int a, int b, int c, int d, uint64_t x, uint64_t y) noexcept nogil:
    v[a] = v[a] + v[b] + x
    v[d] = turned(v[d] ^ v[a], 32)
    v[c] = v[c] + v[d]
    v[b] = turned(v[b] ^ v[c], 24)
    v[a] = v[a] + v[b] + y
    v[d] = turned(v[d] ^ v[a], 16)
    v[c] = v[c] + v[d]
    v[b] = turned(v[b] ^ v[c], 63)


cdef inline uint64_t little_endian(uint64_t value) noexcept nogil:
    """The word whose bytes, read from the lowest, are those of the number, read from the highest."""
    cdef uint8_t bytes[8]
    cdef uint64_t word = 0
    cdef int i
    put_big_endian(bytes, value)
    for i in range(8):
        word |= <uint64_t>bytes[i] << (8 * i)
    return word


cdef void put_fingerprint(uint8_t *out, const uint64_t *numbers, uint8_t flags) noexcept nogil:
    """Write FINGERPRINT_SIZE bytes of the hash of eight big-endian numbers and a byte."""
    cdef uint64_t v[16]
    cdef uint64_t m[16]
    cdef const uint8_t *order
    cdef uint64_t first = _START[0] ^ 0x01010000 ^ FINGERPRINT_SIZE
    cdef int i
    for i in range(16):
        m[i] = little_endian(numbers[i]) if i < 8 else 0
    m[8] = flags
    for i in range(8):
        v[i] = v[i + 8] = _START[i]
    v[0] = first
    v[12] ^= HASHED_SIZE
    v[14] = ~v[14]  # the last block
    for i in range(ROUNDS):
        order = _ORDER + 16 * (i % 10)
        mix(v, 0, 4, 8, 12, m[order[0]], m[order[1]])
        mix(v, 1, 5, 9, 13, m[order[2]], m[order[3]])
        mix(v, 2, 6, 10, 14, m[order[4]], m[order[5]])
        mix(v, 3, 7, 11, 15, m[order[6]], m[order[7]])
        mix(v, 0, 5, 10, 15, m[order[8]], m[order[9]])
        mix(v, 1, 6, 11, 12, m[order[10]], m[order[11]])
        mix(v, 2, 7, 8, 13, m[order[12]], m[order[13]])
        mix(v, 3, 4, 9, 14, m[order[14]], m[order[15]])
    first ^= v[0] ^ v[8]
    for i in range(FINGERPRINT_SIZE):
        out[i] = <uint8_t>(first >> (8 * i))
