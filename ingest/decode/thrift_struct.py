"""Reads Thrift structs into dictionaries: ids and wire types come from the IDL, the fields to read from TypedDicts.

A TypedDict has the name of its struct and names the fields that are read; one without fields stands for a struct of
which only the presence matters. What it declares must be in the IDL with a type that fits: TypeError otherwise.

The reader recognises a field by its whole header, type byte and id: a field of another type than the declared one is
skipped like an unknown one, never misread, and absent from the dictionary. A list whose elements are of another type
reads as empty. Strings of declared fields must be UTF-8; skipped ones may be binary. The last of repeated fields wins.

thriftpy2 parses the IDL and nothing else: its own reader does not bound its work and never sees a payload.
"""

import struct
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple, TypeVar, cast, get_args, get_origin, get_type_hints, is_typeddict

from thriftpy2.thrift import TPayload

from ingest.decode.thrift_protocol import END_OF_PAYLOAD, HEADER_BYTES, Wire, read_count, read_size, skip
from ingest.events import Malformed, MalformedReason

T = TypeVar("T")

Reader = Callable[[bytes, int, int], tuple[Any, int]]
"""(payload, position, depth) -> (value, where it ends)."""

_PYTHON_TYPES = {Wire.BOOL: bool, Wire.I32: int, Wire.I64: int, Wire.STRING: str}

_SCALARS = {Wire.BOOL: struct.Struct(">3x?"), Wire.I32: struct.Struct(">3xi"), Wire.I64: struct.Struct(">3xq")}
"""Header and value in one read."""


class _Field(NamedTuple):
    name: str
    width: int
    """Bytes of header and value together; 0 when only reading tells."""
    read: Callable[..., Any]
    """A Reader, or for a fixed width unpack_from(payload, position of the header)."""


def decoder(declared: type[T], idl: ModuleType) -> Callable[[bytes], T]:
    """A total function from a payload that is one struct, and nothing else, to its fields; raises Malformed only.

    TypeError when a declared field is not in the IDL, as thriftpy2 has parsed it, or is of another type there.
    """
    read = _Readers(idl).of_struct(declared, getattr(idl, declared.__name__, None))

    def decode(payload: bytes) -> T:
        try:
            value, end = read(payload, 0, 1)
        except END_OF_PAYLOAD as error:
            raise Malformed(MalformedReason.TRUNCATED, f"{len(payload)} bytes end inside the struct") from error
        if end != len(payload):
            raise Malformed(MalformedReason.BAD_WIRE, f"{len(payload) - end} bytes after the struct")
        return value

    return decode


class _Readers:
    """Builds the readers of the structs that an IDL defines."""

    def __init__(self, idl: ModuleType) -> None:
        self._unions: list[object] = idl.__thrift_meta__["unions"]

    def of_struct(self, declared: type, defined: type[TPayload] | None) -> Reader:
        """Reader of a struct or union; `defined` is its class in the IDL."""
        hints = get_type_hints(declared)
        if defined is None or (hints and declared.__name__ != defined.__name__):
            raise TypeError(f"the IDL has no struct {declared.__name__} here, but {defined}")
        specs = cast("dict[int, tuple[Any, ...]]", defined.thrift_spec)
        ids = {spec[1]: field_id for field_id, spec in specs.items()}
        fields: dict[bytes, _Field] = {}
        for name, hint in hints.items():
            if name not in ids:
                raise TypeError(f"the IDL has no field {name} in {declared.__name__}")
            wire_type, _, element, *_ = specs[ids[name]]
            fields[struct.pack(">Bh", wire_type, ids[name])] = self._field(name, hint, wire_type, element)
        return (_union_reader if defined in self._unions else _struct_reader)(fields)

    def _field(self, name: str, hint: Any, wire_type: int, element: Any) -> _Field:  # noqa: ANN401 - types of types
        """element: the class of a struct, or the type and class of a list's elements; meaningless for scalars."""
        if _PYTHON_TYPES.get(wire_type) is hint:
            scalar = _SCALARS.get(wire_type)
            return _Field(name, scalar.size, scalar.unpack_from) if scalar else _Field(name, 0, _read_string)
        if wire_type == Wire.STRUCT and is_typeddict(hint):
            return _Field(name, 0, self.of_struct(hint, element))
        if wire_type == Wire.LIST and get_origin(hint) is list and isinstance(element, tuple):
            element_type, defined = cast("tuple[int, type[TPayload]]", element)
            (declared,) = get_args(hint)
            if element_type == Wire.STRUCT and is_typeddict(declared):
                return _Field(name, 0, _structs_reader(self.of_struct(declared, defined)))
        raise TypeError(f"{name} is declared as {hint}, in the IDL it has type {wire_type} of {element}")


def _struct_reader(fields: dict[bytes, _Field]) -> Reader:
    find_field = fields.get

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


def _read_string(payload: bytes, position: int, _depth: int) -> tuple[str, int]:
    start = position + 4
    end = start + read_size(payload, position)[0]
    if end > len(payload):
        raise Malformed(MalformedReason.TRUNCATED, f"the string at byte {position} passes the end")
    try:
        return str(payload[start:end], "utf-8"), end
    except UnicodeDecodeError as error:
        raise Malformed(MalformedReason.BAD_UTF8, f"the string at byte {position}") from error


def _union_reader(fields: dict[bytes, _Field]) -> Reader:
    read_struct = _struct_reader(fields)

    def read(payload: bytes, position: int, depth: int) -> tuple[dict[str, Any], int]:
        variants, end = read_struct(payload, position, depth)
        if len(variants) > 1:
            raise Malformed(MalformedReason.BAD_WIRE, f"the union at byte {position} has {len(variants)} variants")
        if end == position + 1:
            raise Malformed(MalformedReason.MISSING_FIELD, f"the union at byte {position} has no variant")
        return variants, end

    return read


def _structs_reader(read_struct: Reader) -> Reader:
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
