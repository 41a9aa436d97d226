"""TBinaryProtocol by hand, for messages that no encoder would write."""

import struct

BOOL, I32, I64, STRING, STRUCT, MAP, SET, LIST = 2, 8, 10, 11, 12, 13, 14, 15


def i32(value: int) -> bytes:
    return struct.pack(">i", value)


def i64(value: int) -> bytes:
    return struct.pack(">q", value)


def string(value: bytes, *, claimed_size: int | None = None) -> bytes:
    """A string that may claim another size than its own."""
    return i32(len(value) if claimed_size is None else claimed_size) + value


def container(element_type: int, *elements: bytes, claimed_count: int | None = None) -> bytes:
    """A list or a set that may claim to have more elements."""
    return bytes([element_type]) + i32(len(elements) if claimed_count is None else claimed_count) + b"".join(elements)


def pairs(key_type: int, value_type: int, *elements: bytes, claimed_count: int) -> bytes:
    """A map, its keys and values in turn."""
    return bytes([key_type, value_type]) + i32(claimed_count) + b"".join(elements)


def field(wire_type: int, field_id: int, value: bytes) -> bytes:
    return struct.pack(">bh", wire_type, field_id) + value


def fields(*written: bytes) -> bytes:
    """A struct."""
    return b"".join(written) + b"\x00"
