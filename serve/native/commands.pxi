# Packs the commands of a round (serve/timeline/commands.py).

cdef struct Key:
    # A key of common/store/keys.py with two numbers in it: what stands before, between and behind them.
    const uint8_t *before
    const uint8_t *between
    const uint8_t *behind
    Py_ssize_t before_size
    Py_ssize_t between_size
    Py_ssize_t behind_size


cdef class StoreTable:
    """What commands need to know of a store, made once per StoreMap."""

    cdef object _held  # the StoreMap, and the bytes that the keys point into
    cdef uint64_t buckets
    cdef uint64_t post_hashes
    cdef int32_t *_nodes
    cdef Key posts
    cdef Key videos
    cdef Key hash

    def __cinit__(self, store):
        cdef Py_ssize_t number
        pieces = [key.split(b"%d") for key in (_keys.AUTHOR_POSTS, _keys.AUTHOR_VIDEOS, _keys.POST_HASH)]
        self._held = (store, pieces)
        self.posts, self.videos, self.hash = key_of(pieces[0]), key_of(pieces[1]), key_of(pieces[2])
        self.buckets, self.post_hashes = store.keys.buckets, store.keys.post_hashes
        if not 0 < self.buckets == <uint64_t>len(store.node_of_bucket) or not self.post_hashes:
            raise ValueError("a store must have buckets, a node for each, and hashes")
        self._nodes = <int32_t *>PyMem_RawMalloc(self.buckets * sizeof(int32_t))
        if self._nodes == NULL:
            raise MemoryError
        for number, node in enumerate(store.node_of_bucket):
            self._nodes[number] = node

    def __dealloc__(self):
        PyMem_RawFree(self._nodes)

    cdef inline int32_t node_of(self, uint64_t bucket) noexcept:
        """bucket: as bucket_of_author() or bucket_of_post() gives it."""
        return self._nodes[bucket]

    cdef inline uint64_t bucket_of_author(self, uint64_t author) noexcept:
        return mix64(author) % self.buckets

    cdef inline uint64_t bucket_of_post(self, uint64_t post) noexcept:
        return self.hash_of_post(post) % self.buckets

    cdef inline uint64_t hash_of_post(self, uint64_t post) noexcept:
        return mix64(post) % self.post_hashes

    cdef Py_ssize_t longest_key(self) noexcept:
        return max(key_size(&self.posts, 0, 0), key_size(&self.videos, 0, 0), key_size(&self.hash, 0, 0)) + 40


cdef StoreTable _latest_table = None


cdef StoreTable table_of(object store):
    """The table of a StoreMap: the last one is kept, since all requests have the same until the topology changes."""
    global _latest_table
    if _latest_table is None or _latest_table._held[0] is not store:
        _latest_table = StoreTable(store)
    return _latest_table


cdef Key key_of(list pieces):
    cdef Key key
    before, between, behind = pieces
    key.before, key.before_size = <const uint8_t *>PyBytes_AS_STRING(before), len(before)
    key.between, key.between_size = <const uint8_t *>PyBytes_AS_STRING(between), len(between)
    key.behind, key.behind_size = <const uint8_t *>PyBytes_AS_STRING(behind), len(behind)
    return key


cdef inline Py_ssize_t key_size(const Key *key, uint64_t first, uint64_t second) noexcept nogil:
    return key.before_size + key.between_size + key.behind_size + digits_of(first) + digits_of(second)


cdef enum:
    WITHOUT_KEY = 192  # more than the bytes of a command that are not its key: words, numbers, their lengths


cdef inline uint8_t *put(uint8_t *out, const void *bytes, Py_ssize_t size) noexcept nogil:
    memcpy(out, bytes, size)
    return out + size


cdef inline uint8_t *put_size(uint8_t *out, uint64_t size) noexcept nogil:
    out[0] = c"$"
    out += 1
    out += put_decimal(out, size)
    return put(out, b"\r\n", 2)


cdef inline uint8_t *put_bulk_number(uint8_t *out, uint64_t number) noexcept nogil:
    out = put_size(out, digits_of(number))
    out += put_decimal(out, number)
    return put(out, b"\r\n", 2)


cdef inline uint8_t *put_key(uint8_t *out, const Key *key, uint64_t first, uint64_t second) noexcept nogil:
    out = put_size(out, key_size(key, first, second))
    out = put(out, key.before, key.before_size)
    out += put_decimal(out, first)
    out = put(out, key.between, key.between_size)
    out += put_decimal(out, second)
    out = put(out, key.behind, key.behind_size)
    return put(out, b"\r\n", 2)


cdef inline uint8_t *put_list_command(
    uint8_t *out, const Key *key, uint64_t bucket, uint64_t author, int64_t depth, int64_t oldest
) noexcept nogil:
    """Read the newest entries of a list, as many as depth says; none older than oldest, unless that is below 0."""
    if oldest < 0:
        out = put_key(put(out, b"*4\r\n$9\r\nZREVRANGE\r\n", 19), key, bucket, author)
        return put_bulk_number(put(out, b"$1\r\n0\r\n", 7), depth - 1)
    out = put_key(put(out, b"*7\r\n$16\r\nZREVRANGEBYSCORE\r\n", 27), key, bucket, author)
    out = put_bulk_number(put(out, b"$4\r\n+inf\r\n", 10), oldest)
    return put_bulk_number(put(out, b"$5\r\nLIMIT\r\n$1\r\n0\r\n", 18), depth)


cdef inline uint8_t *put_record_command(
    uint8_t *out, const Key *key, uint64_t bucket, uint64_t hash, uint64_t post
) noexcept nogil:
    """Read the record of a post."""
    out = put_key(put(out, b"*3\r\n$4\r\nHGET\r\n", 14), key, bucket, hash)
    out = put(out, b"$8\r\n", 4)
    put_big_endian(out, post)
    return put(out + 8, b"\r\n", 2)
