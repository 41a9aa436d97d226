"""Spreads buckets over the masters of a Redis Cluster: their number, and slots for each master."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

from redis.crc import key_slot

from common.store.keys import DEFAULT_BUCKETS, bucket_tag

SLOTS = 16_384
MOST_BUCKETS = 16_384
"""Limit of the setting author_buckets."""

_EVEN = 32
"""Buckets per master from which on the fullest holds little more than the others."""

SlotRange = tuple[int, int]


def buckets_for(masters: int) -> int:
    """Number of buckets that spread evenly over these masters: a power of two."""
    wanted = masters * _EVEN
    return max(DEFAULT_BUCKETS, min(MOST_BUCKETS, 1 << (wanted - 1).bit_length()))


@lru_cache(maxsize=16)
def buckets_of_slots(buckets: int) -> Sequence[int]:
    """Number of buckets in each slot."""
    counts = [0] * SLOTS
    for bucket in range(buckets):
        counts[key_slot(bucket_tag(bucket))] += 1
    return counts


@lru_cache(maxsize=16)
def _buckets_below(buckets: int) -> Sequence[int]:
    """Number of buckets below each slot, and below the end."""
    return [0, *accumulate(buckets_of_slots(buckets))]


@lru_cache(maxsize=1024)
def slot_ranges(buckets: int, masters: int) -> Sequence[SlotRange]:
    """First and last slot of each master, which spread the buckets as evenly as ranges can; 1 <= masters <= SLOTS.

    Equal numbers of slots, as redis-cli gives them, do not: buckets lie in slots as their hash has it.
    """
    below = _buckets_below(buckets)
    ranges: list[SlotRange] = []
    first = 0
    for master in range(1, masters):
        wanted = buckets * master / masters
        last = first
        most = SLOTS - (masters - master) - 1  # each master that follows has a slot, too
        while last < most and abs(below[last + 2] - wanted) <= abs(below[last + 1] - wanted):
            last += 1
        ranges.append((first, last))
        first = last + 1
    return (*ranges, (first, SLOTS - 1))


def fullest_share(buckets: int, masters: int) -> float:
    """Buckets of the fullest master, as a multiple of the average, with these ranges of slots."""
    below = _buckets_below(buckets)
    fullest = max(below[last + 1] - below[first] for first, last in slot_ranges(buckets, masters))
    return fullest * masters / buckets
