"""The port through which a timeline is read from the store."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol


class Reading(NamedTuple):
    """One round: how many of the newest entries to read of which authors, and which posts' records to look up."""

    depths: Mapping[int, int]
    parents: Sequence[bytes]  # encoded post ids
    video: bool


class Fetched(NamedTuple):
    """What came back. Authors and parents whose shard did not answer in time are missing, and then partial is true."""

    members: dict[int, list[bytes]]
    records: dict[bytes, bytes | None]
    partial: bool


class Fetcher(Protocol):
    """Reads one round in one pipeline per node."""

    async def fetch(self, reading: Reading, timeout: float | None) -> Fetched:
        """Return within timeout seconds. StoreUnavailable when no node can be reached at all."""
        ...
