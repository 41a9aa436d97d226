# What a request asks for, and the rules that follow from it (serve/query.py, filters.py, reply_filter.py).

@cython.final
cdef class Rules:
    """The rules of one request on single entries, and the caps of its authors."""

    cdef IdSet following  # whether to read them or not: replies may answer them
    cdef IdSet excluded
    cdef IdSet excluded_sources  # None where there are none
    cdef IdSet blocked_sources
    cdef uint64_t viewer
    cdef bint video
    cdef bint without_replies
    cdef bint without_reposts
    cdef int64_t most
    cdef int64_t cap_original
    cdef int64_t cap_secondary
    cdef int64_t cap_video
    cdef int64_t cap_scan
    cdef object created_after
    cdef Py_ssize_t blocked_authors  # followed ones

    def __cinit__(self, query not None):
        """query: a Query without `before`, or a CommonRequest."""
        cdef CommonRequest common
        if isinstance(query, CommonRequest):
            common = query
            self.following, self.excluded = common._following, common._excluded
            self.viewer, self.video, self.most = common.viewer_id, common.video, common.max_results
            self.created_after = 0
            caps = common._caps
        else:
            self._take(query)
            caps = query.caps
        self.cap_original, self.cap_secondary = caps.original, caps.secondary
        self.cap_video, self.cap_scan = caps.video, caps.scan

    cdef int _take(self, object query) except -1:
        if query.before is not None or query.max_results <= 0:
            raise ValueError("only the core in Python reads a page behind a place")
        self.following, self.excluded = id_set(query.following), id_set(query.excluded)
        self.viewer, self.video, self.most = query.viewer_id, query.video, query.max_results
        self.without_replies, self.without_reposts = query.exclude_replies, query.exclude_reposts
        self.created_after = query.created_after
        if query.excluded_authors:
            self.excluded_sources = id_set(query.excluded_authors)
        if query.blocked_authors:
            self.blocked_sources = id_set(query.blocked_authors)
            self.blocked_authors = len(query.blocked_authors.intersection(query.following))
        return 0

    cdef inline bint reads(self, uint64_t author) noexcept:
        """Whether posts of a followed author may be in the answer."""
        return not (self.excluded_sources is not None and self.excluded_sources.has(author)) and not (
            self.blocked_sources is not None and self.blocked_sources.has(author)
        )

    cdef inline bint is_excluded(self, const Entry *entry) noexcept:
        return self.excluded.count > 0 and self.excluded.has(post_of(entry))

    cdef inline bint is_hidden(self, Entry *entry) noexcept:
        """Whether a reply or repost is left out for its kind or for its source."""
        cdef uint64_t source = source_user_of_repost(entry)
        if source != 0 and source == self.viewer:
            return True
        if self.without_reposts and last_byte(entry) == IS_RETWEET:
            return True
        if self.without_replies and is_reply(entry):
            return True
        if source == 0:
            return False
        if self.blocked_sources is not None and self.blocked_sources.has(source):
            entry.is_blocked = True
            return True
        return self.excluded_sources is not None and self.excluded_sources.has(source)

    cdef inline bint reply_passes(self, const Entry *reply, const Parent *parent) noexcept:
        """Whether the parent is live and an original, or replies to the conversation's root and the reply answers
        someone followed.
        """
        cdef int64_t at
        cdef uint64_t user, conversation
        if parent.known == ORIGINAL:
            return True
        if parent.known != ANSWER_TO:
            return False
        at = after_source_user(reply) - (ID_SIZE + 1)
        user = id_field(reply, at, IN_REPLY_TO_USER)
        conversation = id_field(reply, at - (ID_SIZE + 1), CONVERSATION)
        return user != 0 and conversation == parent.replies_to != 0 and self.following.has(user)

    cdef bint exceeds_a_cap(self, const Entry *entries, Py_ssize_t count) noexcept:
        """Whether these entries of an author can exceed a cap at all: few authors' do."""
        cdef Py_ssize_t i, secondary = 0
        cdef int64_t cap = self.cap_video if self.video else min(self.cap_original, self.cap_secondary)
        if count <= min(cap, self.cap_scan):
            return False
        if self.video:
            return True
        for i in range(count):
            secondary += is_secondary(&entries[i])
        return (
            secondary > min(self.cap_secondary, self.cap_scan)
            or count - secondary > min(self.cap_original, self.cap_scan)
        )

    cdef inline void fill_quotas(self, Author *author) noexcept:
        """Let an author contribute as much as the caps allow."""
        author.original.kept = self.cap_video if self.video else self.cap_original
        author.secondary.kept = self.cap_secondary
        author.original.scanned = author.secondary.scanned = self.cap_scan
        author.original.seen = author.secondary.seen = CAP_OF_LISTS
