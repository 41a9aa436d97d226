"""Thrift structs, declared as TypedDicts and read into dictionaries.

A field is declared as `Annotated[type, id, KIND]`. The reader recognises it by its whole header, type byte and id: a
field of another type than the declared one is skipped like an unknown one, never misread, and absent from the
dictionary. A list whose elements are of another type reads as empty. Strings of declared fields must be UTF-8; skipped
ones may be binary. A field sent twice counts as sent last.
"""

import struct
from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple, TypeVar, get_args, get_type_hints

from ingest.decode.thrift_protocol import END_OF_PAYLOAD, HEADER_BYTES, Wire, read_count, read_size, skip
from ingest.events import Malformed, MalformedReason

T = TypeVar("T")

Reader = Callable[[bytes, int, int], tuple[Any, int]]
"""(payload, position, depth) -> (value, where it ends)."""


class Kind(Enum):
    """How a declared field is read."""

    BOOL = "bool"
    I32 = "i32"
    I64 = "i64"
    STRING = "string"
    STRUCT = "struct"
    UNION = "union"
    STRUCTS = "list of structs"


_WIRE = {
    Kind.BOOL: Wire.BOOL,
    Kind.I32: Wire.I32,
    Kind.I64: Wire.I64,
    Kind.STRING: Wire.STRING,
    Kind.STRUCT: Wire.STRUCT,
    Kind.UNION: Wire.STRUCT,
    Kind.STRUCTS: Wire.LIST,
}

_SCALARS = {Kind.BOOL: struct.Struct(">3x?"), Kind.I32: struct.Struct(">3xi"), Kind.I64: struct.Struct(">3xq")}
"""Header and value in one read."""


class _Field(NamedTuple):
    name: str
    width: int
    """Bytes of header and value together; 0 when only reading tells."""
    read: Callable[..., Any]
    """A Reader, or for a fixed width unpack_from(payload, position of the header)."""


def decoder(declared: type[T]) -> Callable[[bytes], T]:
    """A total function from a payload that is one struct, and nothing else, to its fields; raises Malformed only."""
    read = _struct_reader(declared)

    def decode(payload: bytes) -> T:
        try:
            value, end = read(payload, 0, 1)
        except END_OF_PAYLOAD as error:
            raise Malformed(MalformedReason.TRUNCATED, f"{len(payload)} bytes end inside the struct") from error
        if end != len(payload):
            raise Malformed(MalformedReason.BAD_WIRE, f"{len(payload) - end} bytes after the struct")
        return value

    return decode


def _struct_reader(declared: object) -> Reader:
    find_field = _fields(declared).get

    def read(payload: bytes, position: int, depth: int) -> tuple[dict[str, Any], int]:
        values: dict[str, Any] = {}
        while wire_type := payload[position]:
            field = find_field(payload[position : position + HEADER_BYTES])
            if field is None:
                position = skip(payload, position + HEADER_BYTES, wire_type, depth + 1)
                continue
            name, width, read_value = field
            if width:
                (values[name],) = read_value(payload, position)
                position += width
            else:
                values[name], position = read_value(payload, position + HEADER_BYTES, depth + 1)
        return values, position + 1

    return read


def _fields(declared: object) -> dict[bytes, _Field]:
    fields: dict[bytes, _Field] = {}
    for name, hint in get_type_hints(declared, include_extras=True).items():
        value_type, field_id, kind = get_args(hint)
        header = struct.pack(">Bh", _WIRE[kind], field_id)
        scalar = _SCALARS.get(kind)
        if scalar:
            fields[header] = _Field(name, scalar.size, scalar.unpack_from)
        else:
            fields[header] = _Field(name, 0, _reader(kind, value_type))
    return fields


def _reader(kind: Kind, declared: object) -> Reader:
    if kind is Kind.STRING:
        return _read_string
    if kind is Kind.UNION:
        return _union_reader(declared)
    if kind is Kind.STRUCTS:
        return _structs_reader(*get_args(declared))
    return _struct_reader(declared)


def _read_string(payload: bytes, position: int, _depth: int) -> tuple[str, int]:
    start = position + 4
    end = start + read_size(payload, position)[0]
    if end > len(payload):
        raise Malformed(MalformedReason.TRUNCATED, f"the string at byte {position} passes the end")
    try:
        return str(payload[start:end], "utf-8"), end
    except UnicodeDecodeError as error:
        raise Malformed(MalformedReason.BAD_UTF8, f"the string at byte {position}") from error


def _union_reader(declared: object) -> Reader:
    read_struct = _struct_reader(declared)

    def read(payload: bytes, position: int, depth: int) -> tuple[dict[str, Any], int]:
        variants, end = read_struct(payload, position, depth)
        if len(variants) > 1:
            raise Malformed(MalformedReason.BAD_WIRE, f"the union at byte {position} has {len(variants)} variants")
        if end == position + 1:
            raise Malformed(MalformedReason.MISSING_FIELD, f"the union at byte {position} has no variant")
        return variants, end

    return read


def _structs_reader(declared: object) -> Reader:
    read_struct = _struct_reader(declared)

    def read(payload: bytes, position: int, depth: int) -> tuple[list[dict[str, Any]], int]:
        count = read_count(payload, position + 1)
        if count and payload[position] != Wire.STRUCT:
            return [], skip(payload, position, Wire.LIST, depth)
        elements: list[dict[str, Any]] = []
        position += 5
        for _ in range(count):
            element, position = read_struct(payload, position, depth + 1)
            elements.append(element)
        return elements, position

    return read
