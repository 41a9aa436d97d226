"""Plans which lists to read for a timeline and how deep, and declares the port they are read through. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from serve.deadline import Deadline
from serve.query import Query


class FetchRequest(NamedTuple):
    """One round: how many of the newest entries to read per author, and the posts whose records to look up."""

    depths: Mapping[int, int]
    parents: Sequence[bytes]  # encoded post ids
    video: bool


class FetchResult(NamedTuple):
    """The replies of a round. Authors and parents whose shard failed are missing, and then partial is true."""

    members: dict[int, list[bytes]]
    records: dict[bytes, bytes | None]
    partial: bool


class Fetcher(Protocol):
    """Reads one round in one pipeline per node."""

    async def fetch(self, request: FetchRequest, deadline: Deadline) -> FetchResult:
        """Fetch until the deadline at most. StoreUnavailable when no node can be reached at all."""
        ...


SHALLOWEST = 4
HEADROOM = 2
"""Entries asked for per entry expected: authors post unevenly, and rules drop some."""

GROWTH = 4
"""Factor of each deeper read, which starts at the newest entry again: writes between rounds shift the ranks."""

MAX_ENTRY_BYTES = 96
"""Upper bound of an entry on the wire."""


def first_depth(query: Query) -> int:
    """Entries to read of each author in the first round."""
    caps = query.caps
    useful = min(query.max_results, caps.video if query.video else caps.original + caps.secondary)
    expected = -(-query.max_results * HEADROOM // max(1, len(query.following)))
    return max(SHALLOWEST, min(expected, useful + 1))


def next_depth(depth: int) -> int:
    """Entries to read of an author next, when too few were read so far."""
    return depth * GROWTH


def wire_bytes(entries: int) -> int:
    """Upper bound of the bytes that a read of these entries returns."""
    return entries * MAX_ENTRY_BYTES
