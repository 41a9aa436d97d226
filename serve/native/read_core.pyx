# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The read core over bytes: requests, commands, replies and answers without a Python object per post.

The rules are those of serve/timeline, which is the specification: what differs from it is a defect here. The pieces are
included below in the order in which they build on each other. C knows no bounds, so each piece checks its own: a
pointer is only followed after a comparison with the end of its bytes.
"""

cimport cython
from cpython.bytearray cimport PyByteArray_AS_STRING
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_RawCalloc, PyMem_RawFree, PyMem_RawMalloc, PyMem_RawRealloc
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport qsort
from libc.string cimport memchr, memcmp, memcpy

import os

from common.store import keys as _keys
from common.store import member as _member
from common.store import record as _record
from serve.query import Answer, Summary
from serve.timeline import read_plan as _plan
from serve.timeline.read_core import Commands, DamagedReply, PartSize, Taken

include "common/native/numbers.pxi"
include "ids.pxi"
include "member.pxi"
include "resp.pxi"
include "scanner.pxi"
include "request.pxi"
include "commands.pxi"
include "lists.pxi"
include "rules.pxi"
include "merge.pxi"
include "answer.pxi"
include "core.pxi"
