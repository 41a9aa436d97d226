"""What to read of the store for a timeline, how deep, and the port through which it is read. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from serve.query import Query


class FetchRequest(NamedTuple):
    """One round: how many of the newest entries to read of which authors, and which posts' records to look up."""

    depths: Mapping[int, int]
    parents: Sequence[bytes]  # encoded post ids
    video: bool


class FetchResult(NamedTuple):
    """What came back. Authors and parents whose shard did not answer in time are missing, and then partial is true."""

    members: dict[int, list[bytes]]
    records: dict[bytes, bytes | None]
    partial: bool


class Fetcher(Protocol):
    """Reads one round in one pipeline per node."""

    async def fetch(self, reading: FetchRequest, timeout: float | None) -> FetchResult:
        """Return within timeout seconds. StoreUnavailable when no node can be reached at all."""
        ...


SHALLOWEST = 4
HEADROOM = 2
"""Entries asked for per entry expected: authors post unevenly, and rules drop some."""

GROWTH = 4
"""Factor of each deeper reading, from the newest entry again: writes go on between rounds, so ranks do not hold."""

MAX_ENTRY_BYTES = 96
"""Upper bound of an entry on the wire."""


def first_depth(query: Query) -> int:
    """Entries to read of each author in the first round."""
    caps = query.caps
    useful = min(query.max_results, caps.video if query.video else caps.original + caps.secondary)
    expected = -(-query.max_results * HEADROOM // max(1, len(query.following)))
    return max(SHALLOWEST, min(expected, useful + 1))


def next_depth(depth: int) -> int:
    """Entries to read of an author whose list turned out too short."""
    return depth * GROWTH


def wire_bytes(depths: Mapping[int, int]) -> int:
    """Most bytes that reading so deep can bring."""
    return sum(depths.values()) * MAX_ENTRY_BYTES
