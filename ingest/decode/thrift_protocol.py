"""Skips values of TBinaryProtocol in a payload, within bounds.

Every function here ends in a value, in Malformed, or, when the payload ends first, in END_OF_PAYLOAD, which the reader
of the whole payload turns into Malformed. Hostile payloads are bounded: nothing is allocated for what is skipped, the
work is linear in the payload, containers hold at most MAX_ELEMENTS, and a size beyond the payload (a negative one reads
as such) fails at the next byte wanted.
"""

import struct
from collections.abc import Callable

from ingest.events import Malformed, MalformedReason

MAX_ELEMENTS = 100_000
"""Elements (pairs, for a map) in one container."""

MAX_DEPTH = 64
"""Structs and containers inside each other, the event itself being the first."""

END_OF_PAYLOAD = (IndexError, struct.error)
"""Raised by a read past the last byte."""


class Wire:
    """The type byte of a field's header. Plain numbers: they are compared with a byte of every field."""

    BOOL = 2
    BYTE = 3
    DOUBLE = 4
    I16 = 6
    I32 = 8
    I64 = 10
    STRING = 11
    STRUCT = 12
    MAP = 13
    SET = 14
    LIST = 15
    UUID = 16


HEADER_BYTES = 3
"""A field's header: type byte, then the id as i16. A STOP (a zero type byte) has no id."""

read_size = struct.Struct(">I").unpack_from
"""Sizes are i32; read unsigned, a negative one lies beyond any payload."""

_WIDTHS: dict[int, int] = {
    Wire.BOOL: 1,
    Wire.BYTE: 1,
    Wire.DOUBLE: 8,
    Wire.I16: 2,
    Wire.I32: 4,
    Wire.I64: 8,
    Wire.UUID: 16,
}


def skip(payload: bytes, position: int, wire_type: int, depth: int) -> int:
    """End of the value at position; depth counts it and the values around it."""
    width = _WIDTHS.get(wire_type)
    if width is not None:
        return position + width
    if wire_type == Wire.STRING:
        return position + 4 + read_size(payload, position)[0]
    step_over = _NESTED.get(wire_type)
    if step_over is None:
        raise Malformed(MalformedReason.BAD_WIRE, f"no type {wire_type}, before byte {position}")
    if depth > MAX_DEPTH:
        raise Malformed(MalformedReason.TOO_DEEP, f"more than {MAX_DEPTH} levels at byte {position}")
    return step_over(payload, position, depth)


def read_count(payload: bytes, position: int) -> int:
    """The number of elements of a container, from its size at position."""
    (count,) = read_size(payload, position)
    if count > MAX_ELEMENTS:
        raise Malformed(MalformedReason.TOO_LARGE, f"a container of {count} elements at byte {position}")
    if count > len(payload) - position:
        raise Malformed(MalformedReason.TRUNCATED, f"a container of {count} elements at byte {position}")
    return count


def _skip_struct(payload: bytes, position: int, depth: int) -> int:
    while wire_type := payload[position]:
        position = skip(payload, position + HEADER_BYTES, wire_type, depth + 1)
    return position + 1


def _skip_list(payload: bytes, position: int, depth: int) -> int:
    wire_type = payload[position]
    count = read_count(payload, position + 1)
    position += 5
    for _ in range(count):
        position = skip(payload, position, wire_type, depth + 1)
    return position


def _skip_map(payload: bytes, position: int, depth: int) -> int:
    key_type, value_type = payload[position], payload[position + 1]
    count = read_count(payload, position + 2)
    position += 6
    for _ in range(count):
        position = skip(payload, position, key_type, depth + 1)
        position = skip(payload, position, value_type, depth + 1)
    return position


_NESTED: dict[int, Callable[[bytes, int, int], int]] = {
    Wire.STRUCT: _skip_struct,
    Wire.LIST: _skip_list,
    Wire.SET: _skip_list,
    Wire.MAP: _skip_map,
}
