# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Payloads to rows without a Python object per field: plain creates of the refined topic and of the raw one.

The rules are those of ingest/decode and ingest/post_row.py, which are the specification: what differs from them is a
defect here. Every payload that is not surely a create which the store takes is left to them, with None: no fault is
judged here, and none is reported. C knows no bounds, so each piece checks its own: a pointer is only followed after a
comparison with the end of its bytes.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from common import post as _post
from common.store import member as _member
from common.store import record as _record
from ingest.decode import thrift_protocol as _thrift
from ingest.post_row import PostRow

include "common/native/numbers.pxi"
include "fingerprint.pxi"
include "row.pxi"
include "refined_event.pxi"
include "thrift.pxi"
include "raw_tweet.pxi"

cdef int64_t _LATEST = 0xFFFFFFFF
cdef int64_t _FARTHEST = <int64_t>1 << 60  # limits beyond it are as good as none, and sums of them do not overflow

if _LATEST != _post.MAX_CREATED_AT:
    raise ImportError("ingest/native was compiled for other times than common/post.py has")


@cython.final
cdef class NativeDecoder:
    """Decodes plain creates that retention and skew, both in seconds, admit into the store."""

    cdef int64_t _retention
    cdef int64_t _skew

    def __init__(self, retention, skew):
        self._retention = min(max(retention, -_FARTHEST), _FARTHEST)
        self._skew = min(max(skew, -_FARTHEST), _FARTHEST)

    def refined(self, bytes payload not None, int64_t now):
        """The row of a message of the refined topic at now (Unix seconds); None when Python must judge it."""
        cdef Post post
        cdef Field all = field_of(payload)
        return row_of(&post) if read_refined(all, &post) and self._admits(&post, now) else None

    def raw(self, bytes payload not None, int64_t now):
        """The row of a message of the raw topic at now (Unix seconds); None when Python must judge it."""
        cdef Tweet tweet
        cdef Field all = field_of(payload)
        return row_of(&tweet.post) if read_raw(all, &tweet) and self._admits(&tweet.post, now) else None

    cdef bint _admits(self, const Post *post, int64_t now) noexcept:
        """Whether every number of the post is one that the store takes."""
        if not -_FARTHEST <= now <= _FARTHEST:
            return False
        if post.post_id <= 0 or post.author_id <= 0 or not 0 <= post.created_at <= _LATEST:
            return False
        if post.reply_post < 0 or post.reply_user < 0 or post.source_post < 0 or post.source_user < 0 or post.root < 0:
            return False
        return now - self._retention <= post.created_at <= now + self._skew


cdef inline Field field_of(bytes payload) noexcept:
    cdef Field all
    all.at = <const uint8_t *>PyBytes_AS_STRING(payload)
    all.end = all.at + PyBytes_GET_SIZE(payload)
    return all
