"""Damaged messages: what a fuzz test feeds to a decoder."""

from collections.abc import Iterator, Sequence
from random import Random

NESTS = [b"\x0c\x00\x01", b"\x0f\x0f\x00\x00\x00\x01", b"\x0d\x02\x0d\x00\x00\x00\x01\x01", b"\x0b", b"\x7b"]
"""Openings of a Thrift struct, list and map inside their like, and of protobuf groups."""

SIZES = [b"\x00\x0f\x42\x40", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\x80\x00\x00\x00", b"\x00\x01\x86\xa1"]
"""A million, the largest and the smallest numbers, one more than the elements allowed; protobuf reads them too."""


def mutated(messages: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """Damaged messages, count of them, the same for the same seed; each has one to four wounds."""
    random = Random(seed)
    wounds = [_flip_bits, _set_byte, _cut, _splice, _inflate, _nest, _repeat, _remove]
    for _ in range(count):
        message = random.choice(messages)
        for _ in range(random.randint(1, 4)):
            message = random.choice(wounds)(random, message, messages)
        yield message


def _flip_bits(random: Random, message: bytes, _messages: Sequence[bytes]) -> bytes:
    damaged = bytearray(message)
    for _ in range(random.randint(1, 8) if message else 0):
        damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
    return bytes(damaged)


def _set_byte(random: Random, message: bytes, _messages: Sequence[bytes]) -> bytes:
    """A small value: a Thrift type, or a protobuf tag of a low field."""
    at = _position(random, message)
    return message[:at] + bytes([random.randrange(18)]) + message[at + 1 :]


def _cut(random: Random, message: bytes, _messages: Sequence[bytes]) -> bytes:
    return message[: _position(random, message)]


def _splice(random: Random, message: bytes, messages: Sequence[bytes]) -> bytes:
    other = random.choice(messages)
    return message[: _position(random, message)] + other[_position(random, other) :]


def _inflate(random: Random, message: bytes, _messages: Sequence[bytes]) -> bytes:
    at = _position(random, message)
    return message[:at] + random.choice(SIZES) + message[at + 4 :]


def _nest(random: Random, message: bytes, _messages: Sequence[bytes]) -> bytes:
    at = _position(random, message)
    return message[:at] + random.choice(NESTS) * random.randint(1, 300) + message[at:]


def _repeat(random: Random, message: bytes, _messages: Sequence[bytes]) -> bytes:
    start = _position(random, message)
    end = min(len(message), start + random.randint(1, 30))
    return message[:start] + message[start:end] * random.randint(2, 20) + message[end:]


def _remove(random: Random, message: bytes, _messages: Sequence[bytes]) -> bytes:
    start = _position(random, message)
    return message[:start] + message[start + random.randint(1, 12) :]


def _position(random: Random, message: bytes) -> int:
    return random.randint(0, len(message))
