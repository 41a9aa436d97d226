# Finds the ends of replies in what a connection receives, so that a core gets exactly its bytes.

@cython.final
cdef class ReplyScanner:
    """Splits the bytes of a connection into replies, without making objects of them.

    feed() what was received, then take() as often as it gives something. Counting goes on where it stopped, so bytes
    that come in many small pieces are looked at once.
    """

    cdef object _held  # bytes, as they came; bytearray, when they are of several pieces
    cdef Py_ssize_t _start  # where the replies begin that were not taken
    cdef Py_ssize_t _at  # where the line begins that was not looked at
    cdef int64_t _whole  # replies between the two
    cdef int64_t _missing  # values that the reply at _at still lacks

    def __cinit__(self):
        self._held = b""

    def feed(self, bytes received not None):
        """Add what the connection received."""
        if self._start == len(self._held):
            self._held = received
            self._at = self._start = 0
            return
        if self._start or isinstance(self._held, bytes):
            self._held = bytearray(self._held[self._start :])
            self._at -= self._start
            self._start = 0
        self._held += received

    def take(self, Py_ssize_t due):
        """The bytes of the next `due` replies; None until all have come. DamagedReply when these are no replies."""
        cdef const uint8_t *data = (
            <const uint8_t *>PyBytes_AS_STRING(self._held) if isinstance(self._held, bytes)
            else <const uint8_t *>PyByteArray_AS_STRING(self._held)
        )
        cdef const uint8_t *end = data + len(self._held)
        while self._whole < due:
            if not self._pass_value(data + self._at, end):
                return None
        taken = self._held
        if self._start or data + self._at < end or not isinstance(taken, bytes):
            taken = bytes(taken[self._start : self._at])
        self._start = self._at
        self._whole = 0
        return taken

    cdef bint _pass_value(self, const uint8_t *line, const uint8_t *end) except -1:
        """Go past one line, and the string behind it; whether it was all there. DamagedReply."""
        cdef const uint8_t *feed = (
            <const uint8_t *>memchr(line, c"\n", min(end - line, LONGEST_LINE)) if line < end else NULL
        )
        cdef Cursor cursor
        cdef int64_t value = 0
        if feed == NULL:
            if end - line >= LONGEST_LINE:
                raise DamagedReply("Redis sent a line without an end")
            return False
        if feed == line or (feed - 1)[0] != c"\r":
            raise DamagedReply("Redis sent a line that is no reply")
        cursor.at, cursor.end = line + 1, feed + 1
        if line[0] == c"$" or line[0] == c"*":
            value = read_length(&cursor)
            if cursor.at != cursor.end or value > LONGEST_BULK:
                raise DamagedReply("Redis sent a length that is none")
        elif line[0] != c"+" and line[0] != c"-" and line[0] != c":":
            raise DamagedReply("Redis sent a line that is no reply")
        if line[0] == c"$" and value >= 0:
            if end - cursor.at < value + 2:
                return False
            if cursor.at[value] != c"\r" or cursor.at[value + 1] != c"\n":
                raise DamagedReply("Redis sent a value of another length than it announced")
            cursor.at += value + 2
            self._at += cursor.at - line
        else:
            self._at += feed + 1 - line
        if self._missing:
            self._missing -= 1
        if line[0] == c"*" and value > 0:
            self._missing += value
        if self._missing > LONGEST_BULK:
            raise DamagedReply("Redis sent an array that is too long")
        if self._missing == 0:
            self._whole += 1
        return True
