"""The partition of a key, as Java's client and librdkafka's murmur2 partitioners choose it."""

import struct
import time
from collections.abc import Callable

from common.errors import KafkaUnavailable

_MASK = 0xFFFFFFFF
_SEED = 0x9747B28C
_M = 0x5BD1E995

_REFRESH_SECONDS = 300.0
"""As librdkafka does: single events and envelopes move to new partitions at about the same time."""


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


class PartitionCounts:
    """Caches the number of partitions of each topic; they may grow. For one thread."""

    def __init__(self, ask: Callable[[str], int | None], clock: Callable[[], float] = time.monotonic) -> None:
        """Ask returns the number of partitions of a topic, None when stopped first; it may block."""
        self._ask = ask
        self._clock = clock
        self._known: dict[str, tuple[int, float]] = {}  # by topic: partitions, and when they were asked for

    def of(self, topic: str) -> int:
        """Number of partitions. May block. KafkaUnavailable when stopped before they are known, KafkaRefused."""
        partitions, asked_at = self._known.get(topic, (0, 0.0))
        if partitions and self._clock() < asked_at + _REFRESH_SECONDS:
            return partitions
        found = self._ask(topic)
        if found is None:
            raise KafkaUnavailable(f"the partitions of {topic} were not found in time")
        self._known[topic] = (found, self._clock())
        return found
