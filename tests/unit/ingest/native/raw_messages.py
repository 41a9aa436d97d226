"""Random messages of the raw topic, written byte by byte: any order, repeats, unknown fields and wrong types occur."""

from collections.abc import Sequence
from random import Random

from ingest.decode.thrift_protocol import Wire
from tests.unit.ingest.native.values import IDS, TIMES

TEXTS = [b"", b"a", "grüße 🙂".encode(), b"x" * 300, "é".encode() * 40]
BAD_TEXTS = [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"a" * 20 + b"\x80"]

Bytes = Sequence[bytes]


def field(wire_type: int, number: int, value: bytes) -> bytes:
    return bytes([wire_type]) + number.to_bytes(2, "big") + value


def i64(number: int, value: int) -> bytes:
    return field(Wire.I64, number, value.to_bytes(8, "big", signed=True))


def text(number: int, value: bytes) -> bytes:
    return field(Wire.STRING, number, len(value).to_bytes(4, "big") + value)


def struct(number: int, fields: Bytes) -> bytes:
    return field(Wire.STRUCT, number, b"".join(fields) + b"\x00")


def structs(number: int, elements: Sequence[Bytes]) -> bytes:
    joined = b"".join(b"".join(element) + b"\x00" for element in elements)
    return field(Wire.LIST, number, bytes([Wire.STRUCT]) + len(elements).to_bytes(4, "big") + joined)


def raw_create(rng: Random) -> bytes:
    """A TweetEvent that mostly creates a post."""
    core = [i64(4, rng.choice(TIMES)), text(2, _text(rng)), text(3, b"web"), i64(1, 99), i64(14, rng.choice(IDS))]
    core += _some(rng, struct(5, _mixed(rng, [i64(1, rng.choice(IDS)), i64(2, rng.choice(IDS)), text(3, _text(rng))])))
    core += _some(rng, struct(7, _mixed(rng, [i64(1, rng.choice(IDS)), i64(2, rng.choice(IDS)), i64(3, 5)])))
    core += _some(rng, field(Wire.BOOL, 11, bytes([rng.choice((0, 0, 0, 1, 2))])))
    tweet = [i64(1, rng.choice(IDS)), struct(2, _mixed(rng, core))]
    tweet += _some(rng, structs(7, [_entity(rng) for _ in range(rng.choice((0, 1, 1, 1, 2)))]))
    create = [struct(1, _mixed(rng, tweet)), struct(2, _mixed(rng, [i64(1, rng.choice(IDS))]))]
    data = struct(1, _mixed(rng, create))
    if rng.random() < 0.05:
        data += struct(rng.randrange(1, 14), [])
    return b"".join(_mixed(rng, [struct(1, [data]), struct(2, [i64(2, 7)])])) + b"\x00"


def _entity(rng: Random) -> Bytes:
    millis = rng.choice((5000, 5000, 4999, 0, -1, 2**31 - 1, -(2**31)))
    video = struct(3, _mixed(rng, [field(Wire.I32, 1, millis.to_bytes(4, "big", signed=True))]))
    info = rng.choice(([video], [video], [struct(rng.choice((1, 2, 4, 9)), [])], [video, struct(1, [])], []))
    return _mixed(rng, [struct(15, info)])


def _text(rng: Random) -> bytes:
    return rng.choice(BAD_TEXTS if rng.random() < 0.02 else TEXTS)


def _some(rng: Random, written: bytes) -> Bytes:
    return [written] if rng.random() < 0.5 else []


def _mixed(rng: Random, fields: Bytes) -> Bytes:
    """The fields of a struct in any order, rarely with one missing, repeated, of another type, or unknown."""
    mixed = list(fields)
    fate = rng.random()
    if fate < 0.02 and mixed:
        mixed.pop(rng.randrange(len(mixed)))
    elif fate < 0.04 and mixed:
        mixed.append(rng.choice(mixed))
    elif fate < 0.06:
        mixed.append(field(Wire.BYTE, rng.randrange(16), b"\x05"))
    elif fate < 0.2:
        mixed.append(rng.choice(UNKNOWN))
    rng.shuffle(mixed)
    return mixed


UNKNOWN = [
    field(Wire.DOUBLE, 40, bytes(8)),
    field(Wire.UUID, 41, bytes(16)),
    text(42, b"\xff"),
    field(Wire.MAP, 43, b"\x0b\x0c\x00\x00\x00\x01" + b"\x00\x00\x00\x01a" + i64(1, 2) + b"\x00"),
    field(Wire.SET, 44, b"\x06\x00\x00\x00\x02" + bytes(4)),
    structs(45, [[i64(1, 1)], [], [structs(2, [[]])]]),
    field(Wire.LIST, 46, b"\x00\x00\x00\x00\x00"),
]
