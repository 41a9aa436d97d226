# Sets of ids.

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
