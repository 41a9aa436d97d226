"""How deep to read the authors' lists: shallow at first, deeper only where the merge asks for it. Pure."""

from collections.abc import Mapping

from serve.query import Query

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


def deeper(depth: int) -> int:
    """Entries to read of an author whose list turned out too short."""
    return depth * GROWTH


def wire_bytes(depths: Mapping[int, int]) -> int:
    """Most bytes that reading so deep can bring."""
    return sum(depths.values()) * MAX_ENTRY_BYTES
