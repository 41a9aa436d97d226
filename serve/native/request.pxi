# The common form of a request, decoded without protobuf's objects: anything else is left to protobuf.

cdef enum:
    USER_ID = 1 << 3
    FOLLOWING = 2 << 3 | 2  # packed
    MAX_RESULTS = 3 << 3
    EXCLUDE_TWEETS = 4 << 3 | 2  # packed
    IS_VIDEO = 7 << 3


@cython.final
cdef class CommonRequest:
    """A valid request that needs no adjustment and asks for nothing rare. Made by parse().

    viewer_id, max_results (with its default) and video are as in a Query; followed and excluding are the lengths of the
    lists as they were sent, authors is the number of distinct followed authors.
    """

    cdef IdSet _following
    cdef IdSet _excluded
    cdef readonly uint64_t viewer_id
    cdef readonly Py_ssize_t followed
    cdef readonly Py_ssize_t excluding
    cdef readonly int64_t max_results
    cdef readonly bint video
    cdef object _caps

    created_after = 0

    @property
    def authors(self):
        return self._following.count

    @staticmethod
    def parse(bytes payload not None, limits):
        """The request, or None when it is of another form: then protobuf and validate_request() judge it.

        limits: RequestLimits. Every field may come once, in any order; each list is packed, its ids are valid, and it
        is not too long; there are follows; no field is there but user_id, both lists, max_results, is_video_request.
        """
        cdef CommonRequest made = CommonRequest.__new__(CommonRequest)
        return made if made._read(payload, limits) else None

    cdef bint _read(self, bytes payload, object limits) except -1:
        cdef Field all
        cdef uint64_t value
        cdef uint8_t tag
        cdef uint64_t seen = 0  # a bit for each tag
        cdef Py_ssize_t most = limits.list_size
        self._caps = limits.caps
        all.at = <const uint8_t *>PyBytes_AS_STRING(payload)
        all.end = all.at + PyBytes_GET_SIZE(payload)
        while all.at < all.end:
            tag = all.at[0]
            all.at += 1
            if tag >= 64 or seen >> tag & 1 or not read_varint(&all, &value):
                return False
            seen |= <uint64_t>1 << tag
            if tag == USER_ID:
                self.viewer_id = value
            elif tag == MAX_RESULTS:
                if value > <uint64_t>limits.max_results:
                    return False
                self.max_results = <int64_t>value
            elif tag == IS_VIDEO:
                if value > 1:
                    return False
                self.video = value == 1
            elif tag == FOLLOWING or tag == EXCLUDE_TWEETS:
                if value > <uint64_t>(all.end - all.at):
                    return False
                ids = self._read_ids(all.at, all.at + value, most, &self.followed if tag == FOLLOWING else &self.excluding)
                if ids is None:
                    return False
                if tag == FOLLOWING:
                    self._following = ids
                else:
                    self._excluded = ids
                all.at += value
            else:
                return False
        if self._following is None or not self.followed:
            return False
        if self._excluded is None:
            self._excluded = IdSet(0)
        if self.max_results == 0:
            self.max_results = limits.default_videos if self.video else limits.default_results
        return 0 < self.max_results <= limits.max_results

    cdef IdSet _read_ids(self, const uint8_t *at, const uint8_t *end, Py_ssize_t most, Py_ssize_t *sent):
        """The ids of a packed list, and how many were sent; None when one is invalid, or there are more than `most`."""
        cdef Field list
        cdef uint64_t id
        cdef IdSet ids
        cdef const uint8_t *byte = at
        sent[0] = 0
        while byte < end:
            sent[0] += byte[0] < 0x80
            byte += 1
        if sent[0] > most:
            return None
        ids = IdSet(sent[0])
        list.at, list.end = at, end
        while list.at < list.end:
            if not read_varint(&list, &id) or id == 0:
                return None
            ids.add(id)
        return ids
