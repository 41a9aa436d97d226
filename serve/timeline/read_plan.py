"""Plans which lists to read for a timeline and how deep, and in which parts. Pure."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from serve.query import Caps, Query

SHALLOWEST = 4
HEADROOM = 2
"""Entries asked for per entry expected: authors post unevenly, and rules drop some."""

SECONDS_PER_ENTRY = 1800
"""Time between two posts of a busy author: a guess at how many are newer than a time."""

GROWTH = 4
"""Factor of each deeper read, which starts at the newest entry again: writes between rounds shift the ranks."""

MAX_ENTRY_BYTES = 96
"""Upper bound of an entry on the wire."""


def authors_to_read(query: Query) -> Sequence[int]:
    """The followed authors whose posts may be in the answer."""
    hidden = query.excluded_authors | query.blocked_authors if query.excluded_authors else query.blocked_authors
    return [author for author in query.following if author not in hidden] if hidden else query.following


def first_depth(query: Query, now: int) -> int:
    """Entries to read of each author in the first round. now in Unix seconds."""
    newer = _entries_since(query.before.created_at, now) if query.before else 0
    depth = plain_depth(len(query.following), query.max_results, entries_of_author(query.caps, query.video), newer)
    if query.created_after:
        depth = min(depth, SHALLOWEST + _entries_since(query.created_after, now))
    return depth


def plain_depth(authors: int, max_results: int, most: int, newer: int = 0) -> int:
    """The same where no time limits it. most: entries of an author in an answer; newer: his entries in front of it."""
    expected = -(-max_results * HEADROOM // max(1, authors)) + newer
    return max(SHALLOWEST, min(expected, min(max_results + newer, most) + 1))


def entries_of_author(caps: Caps, video: bool) -> int:
    """Most entries of one author in an answer."""
    return caps.video if video else caps.original + caps.secondary


def ends_at_floor(query: Query, now: int) -> bool:
    """Whether to read lists down to created_after and no further: cheaper than by rank only where that is little."""
    return query.created_after > 0 and _entries_since(query.created_after, now) < first_depth(query, now)


def _entries_since(time: int, now: int) -> int:
    """Entries of a busy author that are newer than a time."""
    return max(0, now - time) // SECONDS_PER_ENTRY


def wire_bytes(entries: int) -> int:
    """Upper bound of the bytes that a read of these entries returns."""
    return entries * MAX_ENTRY_BYTES


AUTHORS_PER_PART = 250
ENTRIES_PER_PART = 2400
"""Lists and entries that are read and merged in one step: as many as an ordinary request reads in all."""


class Part(NamedTuple):
    """Authors whose lists are read, and parents (encoded post ids) whose records are."""

    authors: Sequence[int]
    parents: Sequence[bytes]


def parts_of(authors: Sequence[int], parents: Sequence[bytes], entries: int) -> list[Part]:
    """Split a wide round into equal parts, so that others are served in between; an ordinary one is one part.

    entries: read of all these lists together.
    """
    count = max(-(-len(authors) // AUTHORS_PER_PART), -(-(entries + len(parents)) // ENTRIES_PER_PART))
    parts = (Part(_share(authors, number, count), _share(parents, number, count)) for number in range(count))
    return [part for part in parts if any(part)]


T = TypeVar("T")


def _share(items: Sequence[T], number: int, parts: int) -> Sequence[T]:
    return items[len(items) * number // parts : len(items) * (number + 1) // parts]
