# The rounds of one request: which lists and records to read, and what came of them (python_core.py).

cdef enum ItemState:
    WAITING = 0
    SENT = 1  # in the latest commands of its node
    TAKEN = 2


cdef struct Item:
    # A list or a record that a round reads.
    uint64_t id  # of the author, or of the parent
    Author *author  # NULL for a parent
    uint64_t bucket
    int32_t node
    ItemState state


cdef struct ListReply:
    Item *item
    Entry *entries
    Py_ssize_t count  # -1 for an error


cdef int64_t _SHALLOWEST = _plan.SHALLOWEST
cdef int64_t _HEADROOM = _plan.HEADROOM
cdef int64_t _SECONDS_PER_ENTRY = _plan.SECONDS_PER_ENTRY
cdef int64_t _GROWTH = _plan.GROWTH
cdef int64_t _MAX_ENTRY_BYTES = _plan.MAX_ENTRY_BYTES
cdef int64_t _AUTHORS_PER_PART = _plan.AUTHORS_PER_PART
cdef int64_t _ENTRIES_PER_PART = _plan.ENTRIES_PER_PART
cdef int64_t _LATEST_TIME = _member.LATEST_TIME
cdef int64_t _DEEPEST = 1 << 40  # so that sums of depths stay numbers of 64 bits


cdef inline int64_t divided_up(int64_t value, int64_t by) noexcept nogil:
    return (value + by - 1) // by


@cython.final
cdef class NativeCore:
    """As ReadCore: reads the timeline of a Query without `before`, or of a CommonRequest."""

    takes_bytes = True

    cdef public bint partial
    cdef Rules _rules
    cdef Merge _merge
    cdef Blocks _blocks
    cdef uint64_t _oldest
    cdef int64_t _down_to  # created_at of the oldest entries to read; -1 to read on however old they are
    cdef int64_t _bytes_left
    cdef StoreTable _table
    cdef Item *_items  # of the round: the lists, then the records
    cdef Py_ssize_t _n_lists
    cdef Py_ssize_t _n_records
    cdef Py_ssize_t _parts
    cdef Py_ssize_t _part
    cdef Py_ssize_t _lists_at  # where the lists of the part begin in the items
    cdef Py_ssize_t _part_lists
    cdef Py_ssize_t _records_at
    cdef Py_ssize_t _part_records

    def __cinit__(self, query, now, oldest, max_bytes):
        """now, oldest: Unix seconds; posts older than `oldest` do not count."""
        cdef Py_ssize_t i
        cdef int64_t depth
        self._rules = Rules(query)
        floor = min(max(oldest, self._rules.created_after + 1), _LATEST_TIME)
        self._merge, self._blocks = Merge(self._rules, floor), Blocks()
        self._oldest, self._bytes_left = oldest, min(max_bytes, 1 << 62)
        depth = self._first_depth(now, floor)
        for i in range(self._merge.n_authors):
            self._merge.authors[i].depth = depth

    def __dealloc__(self):
        PyMem_RawFree(self._items)

    cdef int64_t _first_depth(self, object now, int64_t floor) except -1:
        """Entries to read of each author in the first round, and how far down (read_plan.py)."""
        cdef Rules rules = self._rules
        cdef int64_t since = min(max(0, now - rules.created_after), 1 << 62) // _SECONDS_PER_ENTRY
        cdef int64_t useful = min(rules.most, rules.cap_video if rules.video else rules.cap_original + rules.cap_secondary)
        cdef int64_t depth = divided_up(rules.most * _HEADROOM, max(1, rules.following.count))
        cdef bint is_recent = rules.created_after > 0
        if is_recent:
            depth = min(depth, _SHALLOWEST + since)
        depth = max(_SHALLOWEST, min(depth, useful + 1))
        self._down_to = floor if is_recent and since < depth else -1
        return depth

    # -- rounds and parts

    def next_round(self):
        """Plan a round over the authors that are incomplete and the parents that are unknown."""
        cdef Merge merge = self._merge
        cdef Py_ssize_t i, used = 0
        cdef int64_t entries = 0
        if merge.n_incomplete == 0 and merge.n_unknown == 0:
            return 0
        for i in range(merge.n_incomplete):
            entries += merge.authors[merge.incomplete[i]].depth
        self._bytes_left -= entries * _MAX_ENTRY_BYTES
        if self._bytes_left < 0:
            self.partial = True
            return 0
        self._make_items()
        self._parts = max(
            1, divided_up(self._n_lists, _AUTHORS_PER_PART), divided_up(entries + self._n_records, _ENTRIES_PER_PART)
        )
        for i in range(self._parts):
            used += self._begin_part(i)
        self._part, self._part_lists, self._part_records = -1, 0, 0
        return used

    cdef int _make_items(self) except -1:
        """List what the merge lacks."""
        cdef Merge merge = self._merge
        cdef Py_ssize_t i
        PyMem_RawFree(self._items)
        self._n_lists = self._n_records = 0
        self._items = <Item *>PyMem_RawCalloc(merge.n_incomplete + merge.n_unknown, sizeof(Item))
        if self._items == NULL:
            raise MemoryError
        self._n_lists, self._n_records = merge.n_incomplete, merge.n_unknown
        for i in range(self._n_lists):
            self._items[i].author = &merge.authors[merge.incomplete[i]]
            self._items[i].id = self._items[i].author.id
        for i in range(self._n_records):
            self._items[self._n_lists + i].id = merge.unknown[i]
        return 0

    cdef bint _begin_part(self, Py_ssize_t part) noexcept:
        """Find the lists and records of a part; whether there are any."""
        self._lists_at = self._n_lists * part // self._parts
        self._part_lists = self._n_lists * (part + 1) // self._parts - self._lists_at
        self._records_at = self._n_lists + self._n_records * part // self._parts
        self._part_records = self._n_lists + self._n_records * (part + 1) // self._parts - self._records_at
        self._part = part
        return self._part_lists + self._part_records > 0

    cdef inline Item *_item(self, Py_ssize_t number) noexcept:
        """An item of the part; the lists come first."""
        if number < self._part_lists:
            return &self._items[self._lists_at + number]
        return &self._items[self._records_at + number - self._part_lists]

    cdef inline bint _is_sent(self, const Item *item, int32_t node) noexcept:
        return item.state == SENT and item.node == node

    def next_part(self, store):
        """Begin a part: find the nodes of its lists and records."""
        cdef Py_ssize_t i
        cdef Item *item
        cdef int64_t entries = 0
        nodes = {}
        self._close_untaken()
        if self._part + 1 >= self._parts:
            raise ValueError("the round has no further part")
        while not self._begin_part(self._part + 1) and self._part + 1 < self._parts:
            pass
        self._table = table_of(store)
        for i in range(self._part_lists + self._part_records):
            item = self._item(i)
            if item.author != NULL:
                item.bucket = self._table.bucket_of_author(item.id)
                entries += item.author.depth
            else:
                item.bucket = self._table.bucket_of_post(item.id)
            item.node = self._table.node_of(item.bucket)
            if i == 0 or item.node != self._item(i - 1).node:
                nodes[item.node] = None
        return PartSize(self._part_lists, entries, self._part_records, tuple(nodes))

    # -- commands

    def commands(self, int32_t node, readable):
        """Pack the commands of a node."""
        cdef Py_ssize_t i, count = 0, replies = 0
        cdef Item *item
        cdef uint64_t bucket = 0
        for i in range(self._part_lists + self._part_records):
            item = self._item(i)
            if item.node != node or item.state == TAKEN:
                continue
            item.state = SENT if readable is None or item.bucket in readable else WAITING
            if item.state == SENT:
                if replies == 0:
                    bucket = item.bucket
                replies += 1
        return Commands(self._packed(node, replies), replies, bucket) if replies else None

    cdef bytes _packed(self, int32_t node, Py_ssize_t replies):
        cdef const Key *lists = &self._table.videos if self._rules.video else &self._table.posts
        cdef uint8_t *packed = <uint8_t *>PyMem_RawMalloc(replies * (WITHOUT_KEY + self._table.longest_key()))
        cdef uint8_t *out = packed
        cdef Item *item
        cdef Py_ssize_t i
        if packed == NULL:
            raise MemoryError
        for i in range(self._part_lists + self._part_records):
            item = self._item(i)
            if not self._is_sent(item, node):
                continue
            if item.author != NULL:
                out = put_list_command(out, lists, item.bucket, item.id, item.author.depth, self._down_to)
            else:
                out = put_record_command(
                    out, &self._table.hash, item.bucket, self._table.hash_of_post(item.id), item.id
                )
        try:
            return PyBytes_FromStringAndSize(<char *>packed, out - packed)
        finally:
            PyMem_RawFree(packed)

    # -- replies

    def take(self, int32_t node, bytes replies not None, unsafe):
        """Add the lists and records of a node; nothing of them when the replies are damaged."""
        cdef Py_ssize_t lists = 0, records = 0, i
        cdef bint is_cut = False
        cdef ListReply *read_lists = NULL
        cdef Record *read_records = NULL
        cdef Entry *room
        cdef Cursor cursor
        cdef Item *item
        errors = []
        cursor.at = <const uint8_t *>PyBytes_AS_STRING(replies)
        cursor.end = cursor.at + PyBytes_GET_SIZE(replies)
        for i in range(self._part_lists + self._part_records):
            item = self._item(i)
            if self._is_sent(item, node):
                lists += item.author != NULL
                records += item.author == NULL
            elif item.node == node and item.state == WAITING:
                is_cut = True
        try:
            read_lists = <ListReply *>PyMem_RawMalloc((lists + 1) * sizeof(ListReply))
            read_records = <Record *>PyMem_RawMalloc((records + 1) * sizeof(Record))
            if read_lists == NULL or read_records == NULL:
                raise MemoryError
            room = self._room_for(node, PyBytes_GET_SIZE(replies))
            self._read_lists(node, &cursor, read_lists, &room, errors)
            self._read_records(node, &cursor, read_records, errors)
            if cursor.at != cursor.end:
                raise DamagedReply("Redis sent more replies than were asked for")
            self._blocks.hold(replies)
            is_cut |= self._add_lists(read_lists, lists, &room, unsafe)
            dropped = self._add_records(node, read_records, unsafe)
        finally:
            PyMem_RawFree(read_lists)
            PyMem_RawFree(read_records)
        is_cut |= dropped > 0
        self.partial = self.partial or is_cut or len(errors) > 0
        return Taken(len(errors) + dropped < lists + records, is_cut, errors)

    cdef Entry *_room_for(self, int32_t node, Py_ssize_t size) except NULL:
        """Room for the entries in replies of this size, and once more where they are united with those known."""
        cdef Py_ssize_t i, known = 0, most = size // SMALLEST_MEMBER + 1
        cdef bint is_united = False
        cdef Item *item
        for i in range(self._part_lists):
            item = self._item(i)
            if self._is_sent(item, node) and item.author.last_read.bytes != NULL:
                is_united = True
                known += item.author.count
        return self._blocks.allocate(2 * most + known if is_united else most)

    cdef int _read_lists(
        self, int32_t node, Cursor *cursor, ListReply *replies, Entry **room, list errors
    ) except -1:
        """Read the replies to the commands for lists. DamagedReply."""
        cdef Py_ssize_t i
        cdef Item *item
        cdef uint8_t kind
        for i in range(self._part_lists):
            item = self._item(i)
            if not self._is_sent(item, node):
                continue
            replies.item, replies.entries, replies.count = item, room[0], -1
            kind = read_kind(cursor)
            if kind == c"*":
                replies.count = read_members(cursor, item.author.depth, room[0])
                room[0] += replies.count
            elif kind == c"-":
                errors.append(read_error(cursor))
            else:
                raise DamagedReply("Redis sent a reply that is no list")
            replies += 1
        return 0

    cdef int _read_records(self, int32_t node, Cursor *cursor, Record *records, list errors) except -1:
        """Read the replies to the commands for records. DamagedReply."""
        cdef Py_ssize_t i
        cdef uint8_t kind
        cdef const uint8_t *held
        cdef int64_t size = 0
        for i in range(self._part_lists, self._part_lists + self._part_records):
            if not self._is_sent(self._item(i), node):
                continue
            kind = read_kind(cursor)
            if kind == c"$":
                held = read_bulk(cursor, &size)
                records[0] = read_record(held, size)
            elif kind == c"-":
                errors.append(read_error(cursor))
                records.is_live, records.parent.known, records.parent.replies_to = False, LOST, 0
            else:
                raise DamagedReply("Redis sent a reply that is no record")
            records += 1
        return 0

    cdef bint _add_lists(self, ListReply *replies, Py_ssize_t lists, Entry **room, object unsafe) except -1:
        """Add lists to the merge; whether any entry was left out because its bucket is unsafe."""
        cdef Py_ssize_t i
        cdef bint is_cut = False
        for i in range(lists):
            replies[i].item.state = TAKEN
            if replies[i].count < 0:
                self._merge.close_author(replies[i].item.author)
            else:
                is_cut |= self._add_list(&replies[i], room, unsafe)
        return is_cut

    cdef bint _add_list(self, ListReply *reply, Entry **room, object unsafe) except -1:
        cdef Author *author = reply.item.author
        cdef Entry *entries = reply.entries
        cdef Py_ssize_t count = reply.count
        cdef bint was_read = author.last_read.bytes != NULL
        author.last_read.bytes = NULL
        if count == author.depth:  # there may be older ones
            author.last_read = entries[count - 1]
        author.depth = min(author.depth * _GROWTH, _DEEPEST)
        if unsafe:
            count = self._keep_safe(entries, count, unsafe)
            self._merge.has_gaps |= count < reply.count
        sort_entries(entries, count)
        if any_unreadable(entries, count):
            author.unreadable = count_unreadable(entries, count, self._merge.floor)
            self._merge.add_entries(author, entries, keep_readable(entries, count), room if was_read else NULL)
        else:
            self._merge.add_entries(author, entries, count, room if was_read else NULL)
        return count < reply.count

    cdef Py_ssize_t _keep_safe(self, Entry *entries, Py_ssize_t count, object unsafe) except -1:
        """Move the entries to the front that cannot have been deleted: a tombstone lies with the record of its post."""
        cdef Py_ssize_t i, kept = 0
        for i in range(count):
            if self._table.bucket_of_post(post_of(&entries[i])) not in unsafe:
                entries[kept] = entries[i]
                kept += 1
        return kept

    cdef Py_ssize_t _add_records(self, int32_t node, const Record *records, object unsafe) except -1:
        """Add records to the merge; the number of those left out because their author's bucket is unsafe."""
        cdef Py_ssize_t i, dropped = 0
        cdef Item *item
        cdef Known known
        for i in range(self._part_lists, self._part_lists + self._part_records):
            item = self._item(i)
            if not self._is_sent(item, node):
                continue
            item.state = TAKEN
            known = records.parent.known
            if records.is_live and unsafe and self._table.bucket_of_author(records.author) in unsafe:
                known = LOST
                dropped += 1
            elif records.is_live and records.created_at < self._oldest:
                known = GONE
            self._merge.add_parent(item.id, known, records.parent.replies_to)
            records += 1
        return dropped

    # -- the end

    def merge(self):
        """Merge the round that was taken."""
        cdef Py_ssize_t part
        self._close_untaken()
        for part in range(self._part + 1, self._parts):
            self._begin_part(part)
            self._close_untaken()
        self._parts = self._part_lists = self._part_records = 0
        self._merge.run()

    cdef int _close_untaken(self) except -1:
        """Do without the lists and records of the part that were not taken."""
        cdef Py_ssize_t i
        cdef Item *item
        for i in range(self._part_lists + self._part_records):
            item = self._item(i)
            if item.state == TAKEN:
                continue
            item.state = TAKEN
            self.partial = True
            if item.author != NULL:
                self._merge.close_author(item.author)
            else:
                self._merge.add_parent(item.id, LOST, 0)
        return 0

    def answer(self):
        """Join the members that passed."""
        return answer_of(self._merge, self.partial)
