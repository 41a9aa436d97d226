# Numbers as bytes, and sets of ids.

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


cdef inline uint64_t mix64(uint64_t value) noexcept nogil:
    """As in common/store/keys.py, which places authors and records by it."""
    value = (value ^ (value >> 30)) * <uint64_t>0xBF58476D1CE4E5B9
    value = (value ^ (value >> 27)) * <uint64_t>0x94D049BB133111EB
    return value ^ (value >> 31)


# Ids come from callers: without a secret they could choose ids that all fall on one slot of a table.
cdef uint64_t _SALT = int.from_bytes(os.urandom(8), "big")


cdef inline uint64_t slot_of(uint64_t id, uint64_t mask) noexcept nogil:
    """Where to look first for an id in a table of mask + 1 slots."""
    return mix64(id ^ _SALT) & mask


@cython.final
cdef class IdSet:
    """Distinct ids above 0 in the order of their arrival, with a table of open addressing beside them."""

    cdef uint64_t *ids
    cdef uint64_t *slots
    cdef uint64_t mask
    cdef Py_ssize_t count
    cdef Py_ssize_t room

    def __cinit__(self, Py_ssize_t room):
        """room: ids that may be added."""
        cdef uint64_t slots = 8
        while slots < 2 * <uint64_t>room:
            slots *= 2
        self.room = room
        self.mask = slots - 1
        self.slots = <uint64_t *>PyMem_RawCalloc(slots, sizeof(uint64_t))
        self.ids = <uint64_t *>PyMem_RawMalloc((room + 1) * sizeof(uint64_t))
        if self.slots == NULL or self.ids == NULL:
            raise MemoryError

    def __dealloc__(self):
        PyMem_RawFree(self.slots)
        PyMem_RawFree(self.ids)

    cdef inline bint has(self, uint64_t id) noexcept:
        cdef uint64_t slot = slot_of(id, self.mask)
        while self.slots[slot]:
            if self.slots[slot] == id:
                return True
            slot = (slot + 1) & self.mask
        return False

    cdef bint add(self, uint64_t id) except -1:
        """Add an id, unless it is there; whether it was not."""
        cdef uint64_t slot = slot_of(id, self.mask)
        while self.slots[slot]:
            if self.slots[slot] == id:
                return False
            slot = (slot + 1) & self.mask
        if id == 0 or self.count == self.room:
            raise ValueError("an id must be above 0, and there must be room for it")
        self.slots[slot] = id
        self.ids[self.count] = id
        self.count += 1
        return True


cdef IdSet id_set(object ids):
    """The set of the ids of a collection."""
    cdef IdSet made = IdSet(len(ids))
    for id in ids:
        made.add(id)
    return made
