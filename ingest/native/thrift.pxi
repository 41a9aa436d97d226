# TBinaryProtocol: headers, numbers and texts, and what is skipped (ingest/decode/thrift_protocol.py, thrift_struct.py).
#
# Each function ends in False where the bytes are damaged, end too early, or pass a limit. The work is linear in the
# bytes: an element takes one at least. Nothing is allocated for what is skipped.

cdef enum:
    T_BOOL = 2
    T_BYTE = 3
    T_DOUBLE = 4
    T_I16 = 6
    T_I32 = 8
    T_I64 = 10
    T_STRING = 11
    T_STRUCT = 12
    T_MAP = 13
    T_SET = 14
    T_LIST = 15
    T_UUID = 16
    MOST_ELEMENTS = 100_000
    DEEPEST = 64
    STOP = 0
    DAMAGED = -1

if (MOST_ELEMENTS, DEEPEST) != (_thrift.MAX_ELEMENTS, _thrift.MAX_DEPTH):
    raise ImportError("ingest/native was compiled for other limits than ingest/decode/thrift_protocol.py has")


cdef inline int header_of(int wire_type, int id) noexcept nogil:
    """A field's header as one number, type and id, above STOP and DAMAGED."""
    return wire_type << 16 | id


cdef inline bint step(Field *field, uint64_t size) noexcept nogil:
    """Step over so many bytes."""
    if size > <uint64_t>(field.end - field.at):
        return False
    field.at += size
    return True


cdef inline int next_header(Field *field) noexcept nogil:
    """Read the header of the next field, STOP at the end of a struct, or DAMAGED."""
    cdef const uint8_t *at = field.at
    if not step(field, 1):
        return DAMAGED
    if at[0] == 0:
        return STOP
    if not step(field, 2):
        return DAMAGED
    return header_of(at[0], at[1] << 8 | at[2])


cdef inline bint read_u32(Field *field, uint32_t *value) noexcept nogil:
    cdef const uint8_t *at = field.at
    if not step(field, 4):
        return False
    value[0] = <uint32_t>at[0] << 24 | <uint32_t>at[1] << 16 | <uint32_t>at[2] << 8 | <uint32_t>at[3]
    return True


cdef inline bint read_i64(Field *field, int64_t *value) noexcept nogil:
    cdef const uint8_t *at = field.at
    if not step(field, 8):
        return False
    value[0] = <int64_t>big_endian(at)
    return True


cdef inline bint read_bool(Field *field, bint *value) noexcept nogil:
    cdef const uint8_t *at = field.at
    if not step(field, 1):
        return False
    value[0] = at[0] != 0
    return True


cdef bint read_text(Field *field) noexcept:
    """Step over a string that is UTF-8."""
    cdef uint32_t size
    cdef const uint8_t *at
    cdef uint8_t bits = 0
    cdef uint32_t i
    if not read_u32(field, &size):
        return False
    at = field.at
    if not step(field, size):
        return False
    for i in range(size):
        bits |= at[i]
    if bits < 0x80:
        return True
    try:
        PyUnicode_DecodeUTF8(<const char *>at, size, NULL)
    except (UnicodeDecodeError, MemoryError):
        return False
    return True


cdef inline int width_of(int wire_type) noexcept nogil:
    """Bytes of a value of this type; 0 when only reading tells."""
    if wire_type == T_BOOL or wire_type == T_BYTE:
        return 1
    if wire_type == T_I16:
        return 2
    if wire_type == T_I32:
        return 4
    if wire_type == T_I64 or wire_type == T_DOUBLE:
        return 8
    return 16 if wire_type == T_UUID else 0


cdef bint skip(Field *field, int wire_type, int depth) noexcept nogil:
    """Step over a value; depth counts it and the values around it."""
    cdef uint32_t size
    cdef int width = width_of(wire_type)
    if width:
        return step(field, width)
    if wire_type == T_STRING:
        return read_u32(field, &size) and step(field, size)
    if depth > DEEPEST:
        return False
    if wire_type == T_STRUCT:
        return skip_struct(field, depth)
    if wire_type == T_LIST or wire_type == T_SET:
        return skip_elements(field, depth, 1)
    return wire_type == T_MAP and skip_elements(field, depth, 2)


cdef bint skip_struct(Field *field, int depth) noexcept nogil:
    cdef int header = next_header(field)
    while header > STOP:
        if not skip(field, header >> 16, depth + 1):
            return False
        header = next_header(field)
    return header == STOP


cdef bint skip_elements(Field *field, int depth, int types) noexcept nogil:
    """Step over a container whose entries have one or two types: a list, a set, or a map."""
    cdef const uint8_t *at = field.at
    cdef uint32_t count
    if not step(field, types) or not read_count(field, &count):
        return False
    while count:
        if not skip(field, at[0], depth + 1) or types == 2 and not skip(field, at[1], depth + 1):
            return False
        count -= 1
    return True


cdef inline bint read_count(Field *field, uint32_t *count) noexcept nogil:
    """Read the number of elements of a container."""
    return read_u32(field, count) and count[0] <= MOST_ELEMENTS and count[0] <= <uint64_t>(field.end - field.at)
