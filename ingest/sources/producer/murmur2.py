"""The partition that a key belongs to, as Java's client and librdkafka's murmur2 partitioners choose it. Pure."""

import struct

_MASK = 0xFFFFFFFF
_SEED = 0x9747B28C
_M = 0x5BD1E995


def partition_of(key: bytes, partitions: int) -> int:
    """A number below `partitions`."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def murmur2(key: bytes) -> int:
    """The 32-bit hash of a key, without sign."""
    whole = len(key) & ~3
    h = _SEED ^ len(key)
    for (k,) in struct.iter_unpack("<I", key[:whole]):
        k = k * _M & _MASK  # noqa: PLW2901 - the names of the algorithm
        h = (h * _M & _MASK) ^ ((k ^ k >> 24) * _M & _MASK)
    if whole < len(key):
        h = (h ^ int.from_bytes(key[whole:], "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return h ^ h >> 15
