# What a request has read: authors' lists, and records of parents.

cdef struct Quota:
    # Number of further entries of one kind that an author may contribute, as in filters.py.
    int64_t kept
    int64_t scanned
    int64_t seen


cdef struct Author:
    uint64_t id
    int64_t depth  # entries to read of the list next
    Entry *entries  # that are known, newest first
    Py_ssize_t count
    Py_ssize_t at  # of the merge in the entries
    Entry last_read  # while older ones may be there; else its bytes are NULL
    const Entry *newest  # readable one of the last read that brought any
    Py_ssize_t unreadable  # live posts of the list that a newer version wrote
    bint is_limited  # whether the known entries can exceed a cap
    bint is_counted  # in the answer
    Quota original
    Quota secondary


cdef enum Known:
    # Of a parent. Only the last three can let a reply pass.
    NOTHING = 0
    ASKED_FOR = 1
    GONE = 2  # not stored, deleted, or too old
    LOST = 3  # the store cannot say
    ORIGINAL = 4
    REPLY_OR_REPOST = 5
    ANSWER_TO = 6  # the same, and replies_to is known


cdef struct Parent:
    uint64_t id
    uint64_t replies_to
    Known known


@cython.final
cdef class Parents:
    """Records of parents by their ids."""

    cdef Parent *_slots
    cdef uint64_t _mask
    cdef uint64_t _count

    def __cinit__(self):
        self._allocate(64)

    def __dealloc__(self):
        PyMem_RawFree(self._slots)

    cdef int _allocate(self, uint64_t slots) except -1:
        self._slots = <Parent *>PyMem_RawCalloc(slots, sizeof(Parent))
        if self._slots == NULL:
            raise MemoryError
        self._mask = slots - 1
        return 0

    cdef inline Parent *_slot(self, uint64_t id) noexcept:
        cdef uint64_t slot = slot_of(id, self._mask)
        while self._slots[slot].known != NOTHING and self._slots[slot].id != id:
            slot = (slot + 1) & self._mask
        return &self._slots[slot]

    cdef Parent *find(self, uint64_t id) except NULL:
        """The parent, added with NOTHING known of it: who adds it says more. It holds until the next call."""
        cdef Parent *found = self._slot(id)
        if found.known == NOTHING:
            if 2 * (self._count + 1) > self._mask:
                self._grow()
                found = self._slot(id)
            self._count += 1
            found.id = id
        return found

    cdef int _grow(self) except -1:
        cdef Parent *old = self._slots
        cdef uint64_t slot, slots = self._mask + 1
        self._slots = NULL
        try:
            self._allocate(2 * slots)
        except MemoryError:
            self._slots = old
            raise
        for slot in range(slots):
            if old[slot].known != NOTHING:
                self._slot(old[slot].id)[0] = old[slot]
        PyMem_RawFree(old)
        return 0


cdef enum:
    TOMBSTONE = 0x01
    REPLY_OR_REPOST_FLAGS = 0x02 | 0x04
    RECORD_SIZE = 19  # of a live record without the post that it answers
    RECORD_HEAD = 13
    RECORD_WITH_PARENT = 27

if (TOMBSTONE, REPLY_OR_REPOST_FLAGS) != (_record.TOMBSTONE, _record.REPLY | _record.REPOST):
    raise ImportError("serve/native was compiled for other records than common/store/record.py has")


cdef struct Record:
    # A live record, as far as readers need it.
    bint is_live
    uint64_t created_at
    uint64_t author
    Parent parent


cdef Record read_record(const uint8_t *held, int64_t size) except *:
    """Decode what the hash holds, with a size of -1 when it holds nothing. DamagedReply."""
    cdef Record record
    record.is_live = False
    record.created_at = record.author = record.parent.id = record.parent.replies_to = 0
    record.parent.known = GONE
    if size == -1 or (size > 0 and held[0] & TOMBSTONE):
        return record
    if size < RECORD_HEAD or RECORD_SIZE < size < RECORD_WITH_PARENT:
        raise DamagedReply("Redis holds a record of a post that is too short")
    record.is_live = True
    record.created_at = <uint64_t>held[1] << 24 | <uint64_t>held[2] << 16 | <uint64_t>held[3] << 8 | held[4]
    record.author = big_endian(held + 5)
    if not held[0] & REPLY_OR_REPOST_FLAGS:
        record.parent.known = ORIGINAL
    elif size > RECORD_SIZE:
        record.parent.known = ANSWER_TO
        record.parent.replies_to = big_endian(held + RECORD_SIZE)
    else:
        record.parent.known = REPLY_OR_REPOST
    return record


cdef struct Block:
    # Entries follow it. All that a request holds are in blocks, one for each take().
    Block *next


cdef class Blocks:
    """Memory for entries, which lives as long as the request, and the replies that they point into."""

    cdef Block *_newest
    cdef list _replies

    def __cinit__(self):
        self._replies = []

    def __dealloc__(self):
        cdef Block *block
        while self._newest != NULL:
            block = self._newest
            self._newest = block.next
            PyMem_RawFree(block)

    cdef Entry *allocate(self, Py_ssize_t entries) except NULL:
        """Room for entries."""
        cdef Block *block = <Block *>PyMem_RawMalloc(sizeof(Block) + (entries + 1) * sizeof(Entry))
        if block == NULL:
            raise MemoryError
        block.next = self._newest
        self._newest = block
        return <Entry *>(block + 1)

    cdef void hold(self, bytes reply):
        self._replies.append(reply)


cdef Py_ssize_t read_members(Cursor *cursor, int64_t most, Entry *out) except -1:
    """Read what follows the `*` of an array of members into `out`, which has room for all that fit; how many.

    DamagedReply when there are more than `most`, or one is none.
    """
    cdef int64_t count = read_length(cursor)
    cdef int64_t i, size = 0
    if count < 0 or count > most or count > (cursor.end - cursor.at) // SMALLEST_MEMBER:
        raise DamagedReply("Redis sent a list of another length than was asked for")
    for i in range(count):
        if read_kind(cursor) != c"$":
            raise DamagedReply("Redis sent an entry of a list that is no string")
        out[i].bytes = read_bulk(cursor, &size)
        if size < HEAD_SIZE:
            raise DamagedReply("Redis holds an entry of a list that is too short")
        out[i].size = <uint32_t>size
        out[i].is_blocked = False
        if size > LARGEST and last_byte(&out[i]) <= NEWEST:
            raise DamagedReply("Redis holds an entry of a list that is too long")
    return count


cdef void sort_entries(Entry *entries, Py_ssize_t count) noexcept:
    """Put entries in order, newest first. They are, unless scores in Redis are not the times of their members."""
    cdef Py_ssize_t i
    for i in range(1, count):
        if newest_first(&entries[i - 1], &entries[i]) > 0:
            qsort(entries, count, sizeof(Entry), newest_first)
            return


cdef bint any_unreadable(const Entry *entries, Py_ssize_t count) noexcept:
    cdef Py_ssize_t i
    for i in range(count):
        if last_byte(&entries[i]) > NEWEST:
            return True
    return False


cdef Py_ssize_t count_unreadable(const Entry *entries, Py_ssize_t count, const uint8_t *floor) noexcept:
    """Number of live posts among ordered entries of which no version can be read."""
    cdef Py_ssize_t i = 0, start, unreadable = 0
    cdef bint is_read
    while i < count:
        start, is_read = i, False
        while i < count and is_same_post(&entries[start], &entries[i]):
            is_read = is_read or last_byte(&entries[i]) <= NEWEST
            i += 1
        if not is_read and memcmp(entries[start].bytes, floor, TIME_SIZE) >= 0:
            unreadable += 1
    return unreadable


cdef Py_ssize_t keep_readable(Entry *entries, Py_ssize_t count) noexcept:
    """Move the readable entries to the front; how many they are."""
    cdef Py_ssize_t i, kept = 0
    for i in range(count):
        if last_byte(&entries[i]) <= NEWEST:
            entries[kept] = entries[i]
            kept += 1
    return kept


cdef Py_ssize_t unite(
    const Entry *old, Py_ssize_t old_count, const Entry *new, Py_ssize_t new_count, Entry *out
) noexcept:
    """Merge ordered entries into `out`, equal ones once, as they were known before; how many they are."""
    cdef Py_ssize_t i = 0, j = 0, count = 0
    cdef int order
    while i < old_count or j < new_count:
        order = 1 if i == old_count else -1 if j == new_count else newest_first(&old[i], &new[j])
        if order <= 0:
            out[count] = old[i]
            i += 1
            j += order == 0
        else:
            out[count] = new[j]
            j += 1
        count += 1
    return count
