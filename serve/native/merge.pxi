# Merges lists into the answer; finds which lists to read deeper and which parents to look up (merge.py).

cdef struct Node:
    # An author in the heap, with the first bytes of the newest entry that was not examined.
    uint64_t time
    uint64_t post
    Py_ssize_t author


cdef struct Candidate:
    Entry *entry
    Py_ssize_t author


cdef inline bint is_spent(const Quota *quota) noexcept nogil:
    return quota.kept <= 0 or quota.scanned <= 0 or quota.seen <= 0


cdef void *grown(void *held, Py_ssize_t *room, Py_ssize_t size, Py_ssize_t least) except NULL:
    """An array with room for `least` items of this size, or for twice as many as before."""
    cdef Py_ssize_t wanted = max(least, 2 * room[0])
    cdef void *made = PyMem_RawRealloc(held, wanted * size)
    if made == NULL:
        raise MemoryError
    room[0] = wanted
    return made


@cython.final
cdef class Merge:
    """The entries and parents that one request has read, and the answer that follows from them.

    Entries are taken newest first over all authors, from a heap of the authors, until max_results have passed, and one
    more, which shows that there are more. When only parents have come since, those that were examined are judged again
    in their order, without a new merge.
    """

    cdef Rules rules
    cdef Author *authors
    cdef Py_ssize_t n_authors
    cdef Parents parents
    cdef uint8_t floor[TIME_SIZE]
    cdef bint has_gaps  # whether entries of some author cannot be read
    cdef bint has_more
    cdef Py_ssize_t *incomplete  # positions of authors whose list must be read deeper
    cdef Py_ssize_t n_incomplete
    cdef uint64_t *unknown  # ids of parents whose records must be looked up
    cdef Py_ssize_t n_unknown
    cdef Candidate *passed
    cdef Py_ssize_t n_shown  # of those that passed
    cdef Candidate *examined
    cdef Py_ssize_t n_retrieved  # of those that were examined, up to the last one that is shown
    cdef Py_ssize_t n_blocked  # reposts that were left out because the author of their source is blocked
    cdef Py_ssize_t _n_passed
    cdef Py_ssize_t _room_passed
    cdef Py_ssize_t _n_examined
    cdef Py_ssize_t _room_examined
    cdef Py_ssize_t _judged  # of those that were examined, in this pass
    cdef Py_ssize_t _room_unknown
    cdef bint _has_new  # whether entries have come since the heap was made
    cdef Node *_heap
    cdef Py_ssize_t _n_heap
    cdef const Entry *_undecided  # the oldest of the replies whose parent cannot be looked up

    def __cinit__(self, Rules rules not None, uint64_t floor):
        """floor: created_at of the oldest post that counts, in Unix seconds. Every author is incomplete at first."""
        cdef Py_ssize_t i, followed = rules.following.count
        self.rules, self.parents = rules, Parents()
        put_encoded(self.floor, floor, TIME_SIZE)
        self.authors = <Author *>PyMem_RawCalloc(followed + 1, sizeof(Author))
        self.incomplete = <Py_ssize_t *>PyMem_RawMalloc((followed + 1) * sizeof(Py_ssize_t))
        self._heap = <Node *>PyMem_RawMalloc((followed + 1) * sizeof(Node))
        if self.authors == NULL or self.incomplete == NULL or self._heap == NULL:
            raise MemoryError
        for i in range(followed):
            if rules.reads(rules.following.ids[i]):
                self.authors[self.n_authors].id = rules.following.ids[i]
                self.incomplete[self.n_authors] = self.n_authors
                self.n_authors += 1
        self.n_incomplete = self.n_authors

    def __dealloc__(self):
        PyMem_RawFree(self.authors)
        PyMem_RawFree(self.incomplete)
        PyMem_RawFree(self.unknown)
        PyMem_RawFree(self.passed)
        PyMem_RawFree(self.examined)
        PyMem_RawFree(self._heap)

    # -- what was read

    cdef void add_entries(self, Author *author, Entry *entries, Py_ssize_t count, Entry **room) noexcept:
        """Add readable entries of an author in their order, which must stay where they are.

        room: where they are united with those that are known, and then behind them; NULL when none are.
        """
        cdef Entry *known = entries
        cdef Py_ssize_t total = count
        if room != NULL:
            known = room[0]
            total = unite(author.entries, author.count, entries, count, known)
            room[0] += total
        if total > author.count:
            self._has_new = True
            author.entries, author.count = known, total
            author.newest = &entries[0]
            author.is_limited = author.is_limited or self.rules.exceeds_a_cap(entries, count)

    cdef void close_author(self, Author *author) noexcept:
        """Stop expecting older entries of this author: they cannot be read."""
        author.last_read.bytes = NULL
        self.has_gaps = True

    cdef int add_parent(self, uint64_t id, Known known, uint64_t replies_to) except -1:
        cdef Parent *parent = self.parents.find(id)
        parent.known, parent.replies_to = known, replies_to
        return 0

    cdef Py_ssize_t unreadable(self) noexcept:
        """Live posts left out of the answer because a newer version wrote them."""
        cdef Py_ssize_t i, count = 0
        for i in range(self.n_authors):
            count += self.authors[i].unreadable
        return count

    # -- the merge

    cdef int run(self) except -1:
        """Merge all that is known. A reply whose parent is unknown does not pass (yet)."""
        cdef Py_ssize_t most = self.rules.most
        cdef bint is_full
        self._begin()
        self._go_on(most)
        is_full = self._n_passed == most
        self.n_shown, self.n_retrieved = self._n_passed, self._judged
        self._find_missing(self.passed[most - 1].entry if is_full else NULL)
        self.has_more = False
        if is_full and self.n_incomplete == 0 and self.n_unknown == 0:
            self._go_on(most + 1)
            self.has_more = self._n_passed > most
            if self.has_more:
                self.n_unknown = 0
            else:
                self._find_missing(NULL)
        return 0

    cdef bint may_have_more(self) noexcept:
        """Whether older posts than those that are shown may pass, when nothing more can be read."""
        cdef const Entry *end
        if self.n_incomplete or self.n_unknown or self.has_gaps or self.unreadable():
            return True
        if self._undecided == NULL or self.n_shown == 0:
            return self._undecided != NULL
        end = self.passed[self.n_shown - 1].entry
        return newest_first(end, self._undecided) < 0

    cdef void _begin(self) noexcept:
        """Start a pass: over what was examined already, unless entries have come."""
        cdef Py_ssize_t i
        for i in range(self.n_authors):
            self.rules.fill_quotas(&self.authors[i])
        if self._has_new:
            self._has_new = False
            self._n_examined = 0
            self._fill_heap()
        self._judged = self._n_passed = self.n_unknown = 0

    cdef void _find_missing(self, const Entry *cut) noexcept:
        """Find the authors with unread entries that may be newer than the cut (NULL: than the floor)."""
        cdef Py_ssize_t i
        cdef Author *author
        cdef int order
        self.n_incomplete = 0
        for i in range(self.n_authors):
            author = &self.authors[i]
            if author.last_read.bytes == NULL:
                continue
            if author.is_limited and is_spent(&author.original) and (self.rules.video or is_spent(&author.secondary)):
                continue
            if cut == NULL:
                order = compared(author.last_read.bytes, author.last_read.size, self.floor, TIME_SIZE)
            else:
                order = newest_first(cut, &author.last_read)
            if order > 0:
                self.incomplete[self.n_incomplete] = i
                self.n_incomplete += 1

    cdef int _go_on(self, Py_ssize_t most) except -1:
        """Look at further entries until `most` have passed, or the live ones end."""
        cdef Candidate *candidate
        while self._n_passed < most:
            if self._judged == self._n_examined and not self._examine_next():
                return 0
            candidate = &self.examined[self._judged]
            self._judged += 1
            if self._judged > 1 and is_same_post(candidate.entry, self.examined[self._judged - 2].entry):
                continue  # the same post, encoded by another version
            if self._passes(candidate.entry, &self.authors[candidate.author]):
                if self._n_passed == self._room_passed:
                    self.passed = <Candidate *>grown(self.passed, &self._room_passed, sizeof(Candidate), 64)
                self.passed[self._n_passed] = candidate[0]
                self._n_passed += 1
        return 0

    cdef inline bint _passes(self, Entry *entry, Author *author) except -1:
        """Whether an entry is in the answer, as far as is known; counts towards the caps of a limited author."""
        cdef bint secondary = is_secondary(entry)
        cdef Quota *quota
        if not author.is_limited:
            return not self.rules.is_excluded(entry) and (not secondary or self._secondary_passes(entry))
        quota = &author.secondary if secondary and not self.rules.video else &author.original
        if is_spent(quota):
            return False
        quota.seen -= 1
        if self.rules.is_excluded(entry):
            return False
        quota.scanned -= 1
        if secondary and not self._secondary_passes(entry):
            return False
        quota.kept -= 1
        return True

    cdef bint _secondary_passes(self, Entry *entry) except -1:
        """The rules on reposts and replies; False while the parent is unknown."""
        cdef uint64_t id
        cdef Parent *parent
        cdef bint was_blocked = entry.is_blocked
        if self.rules.is_hidden(entry):
            self.n_blocked += entry.is_blocked and not was_blocked
            return False
        if self.rules.video or not is_reply(entry):
            return True
        id = id_field(entry, after_source_user(entry), IN_REPLY_TO_POST)
        if id == 0:
            return True
        parent = self.parents.find(id)
        if parent.known == NOTHING:
            if self.n_unknown == self._room_unknown:
                self.unknown = <uint64_t *>grown(self.unknown, &self._room_unknown, sizeof(uint64_t), 64)
            self.unknown[self.n_unknown] = id
            self.n_unknown += 1
            parent.known = ASKED_FOR
        if parent.known == LOST and (self._undecided == NULL or newest_first(self._undecided, entry) < 0):
            self._undecided = entry
        return self.rules.reply_passes(entry, parent)

    # -- the heap

    cdef bint _examine_next(self) except -1:
        """Move the newest entry that was not examined to those that were; False when no live one is left."""
        cdef Author *author
        if self._n_heap == 0:
            return False
        author = &self.authors[self._heap[0].author]
        if memcmp(author.entries[author.at].bytes, self.floor, TIME_SIZE) < 0:
            return False
        if self._n_examined == self._room_examined:
            self.examined = <Candidate *>grown(self.examined, &self._room_examined, sizeof(Candidate), 256)
        self.examined[self._n_examined].entry = &author.entries[author.at]
        self.examined[self._n_examined].author = self._heap[0].author
        self._n_examined += 1
        author.at += 1
        if author.at < author.count:
            self._note_next(&self._heap[0])
        else:
            self._n_heap -= 1
            self._heap[0] = self._heap[self._n_heap]
        if self._n_heap:
            self._sift(0)
        return True

    cdef void _fill_heap(self) noexcept:
        cdef Py_ssize_t i
        self._n_heap = 0
        for i in range(self.n_authors):
            self.authors[i].at = 0
            if self.authors[i].count:
                self._heap[self._n_heap].author = i
                self._note_next(&self._heap[self._n_heap])
                self._n_heap += 1
        i = self._n_heap // 2
        while i > 0:
            i -= 1
            self._sift(i)

    cdef inline void _note_next(self, Node *node) noexcept:
        """Put the first 16 bytes of an author's next entry, which nearly always decide, into the heap."""
        cdef Author *author = &self.authors[node.author]
        node.time = big_endian(author.entries[author.at].bytes)
        node.post = big_endian(author.entries[author.at].bytes + 8)

    cdef inline bint _is_newer(self, const Node *a, const Node *b) noexcept:
        cdef Author *x
        cdef Author *y
        cdef int order
        if a.time != b.time:
            return a.time > b.time
        if a.post != b.post:
            return a.post > b.post
        x, y = &self.authors[a.author], &self.authors[b.author]
        order = newest_first(&x.entries[x.at], &y.entries[y.at])
        return order < 0 or (order == 0 and a.author > b.author)

    cdef void _sift(self, Py_ssize_t at) noexcept:
        """Let a node sink to its place."""
        cdef Node node = self._heap[at]
        cdef Py_ssize_t child
        while 2 * at + 1 < self._n_heap:
            child = 2 * at + 1
            if child + 1 < self._n_heap and self._is_newer(&self._heap[child + 1], &self._heap[child]):
                child += 1
            if not self._is_newer(&self._heap[child], &node):
                break
            self._heap[at] = self._heap[child]
            at = child
        self._heap[at] = node
