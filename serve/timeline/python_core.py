"""The read core in Python: the specification of what a core does, and the one that needs no compiler. Pure."""

import struct
from collections.abc import Collection, Generator, Iterable, Sequence
from contextlib import contextmanager

from common.store.member import LATEST_TIME, POST_ID
from common.store.record import live_record
from serve.query import Answer, Query
from serve.timeline.commands import CommandPacker, ListRange, Pipeline, packer_of
from serve.timeline.merge import Merge, Merged
from serve.timeline.read_core import Commands, DamagedReply, PartSize, Replies, StoreMap, Taken
from serve.timeline.read_plan import (
    GROWTH,
    Part,
    authors_to_read,
    ends_at_floor,
    first_depth,
    parts_of,
    wire_bytes,
)
from serve.timeline.response import response_bytes, summarise

_DAMAGES = (IndexError, TypeError, ValueError, struct.error)
"""Errors of what looks into replies: a member is too short, or no bytes at all."""


class PythonCore:
    """As ReadCore."""

    takes_bytes = False

    def __init__(self, query: Query, now: int, oldest: int, max_bytes: int) -> None:
        """now, oldest: Unix seconds; posts older than `oldest` do not count."""
        self.partial = False
        self._query = query
        self._oldest = oldest
        floor = min(max(oldest, query.created_after + 1), LATEST_TIME)
        self._lists = ListRange(query.video, floor if ends_at_floor(query, now) else None)
        self._bytes_left = max_bytes
        authors = authors_to_read(query) if _can_hold_posts(query, floor) else ()
        self._depths = dict.fromkeys(authors, first_depth(query, now))
        self._merge = Merge(query, floor)
        self._merged = Merged([], [], list(authors), [])
        self._parts: list[Part] = []
        self._begun = 0
        self._packer: CommandPacker
        self._untaken: dict[int, Pipeline] = {}  # of the part, by node
        self._sent: dict[int, Pipeline] = {}  # the same, as far as its buckets are readable

    def next_round(self) -> int:
        """Plan a round over the authors that are incomplete and the parents that are unknown."""
        authors, parents = self._merged.incomplete_authors, self._merged.unknown_parents
        if not authors and not parents:
            return 0
        entries = self._entries(authors)
        self._bytes_left -= wire_bytes(entries)
        if self._bytes_left < 0:
            self.partial = True
            return 0
        self._parts, self._begun = parts_of(authors, parents, entries), 0
        return len(self._parts)

    def next_part(self, store: StoreMap) -> PartSize:
        """Pack the commands of a part."""
        if self._begun:
            self._close_untaken()
            self._merge.sort_part()
        authors, parents = self._parts[self._begun]
        self._begun += 1
        self._packer = packer_of(store.keys)
        self._untaken = self._packer.pack(authors, parents, self._depths, self._lists, store.node_of_bucket)
        return PartSize(len(authors), self._entries(authors), len(parents), tuple(self._untaken))

    def commands(self, node: int, readable: Collection[int] | None) -> Commands | None:
        """Join the commands of a node."""
        pipeline = self._untaken[node]
        if readable is not None:
            pipeline = pipeline.within(self._packer, readable)
        self._sent[node] = pipeline
        return pipeline.commands(self._packer)

    def take(self, node: int, replies: Replies, unsafe: Collection[int]) -> Taken:
        """Add the lists and records of a node to the merge."""
        asked, sent = self._untaken[node], self._sent[node]
        errors: list[str] = []
        if len(replies) != len(sent.packed):
            raise DamagedReply(f"Redis sent {len(replies)} replies to {len(sent.packed)} commands")
        with _damage():
            is_cut = self._take_lists(sent.authors, replies, unsafe, errors)
            dropped = self._take_records(sent.parents, replies[len(sent.authors) :], unsafe, errors)
        del self._untaken[node]
        if len(sent.packed) < len(asked.packed):
            is_cut = True
            self._close({*asked.authors}.difference(sent.authors), {*asked.parents}.difference(sent.parents))
        is_cut |= dropped > 0
        self.partial |= is_cut or bool(errors)
        return Taken(len(errors) + dropped < len(replies), is_cut, errors)

    def merge(self) -> None:
        """Merge the round that was taken."""
        self._close_untaken()
        for part in self._parts[self._begun :]:
            self._close(part.authors, part.parents)
        self._untaken, self._sent = {}, {}
        with _damage():
            self._merged = self._merge.run()

    def answer(self) -> Answer:
        """Join the members that passed."""
        passed, examined, author_of = self._merged.passed, self._merged.examined, self._merge.author_of
        partial = self.partial or self._merge.unreadable > 0
        has_more = self._merged.has_more or (partial and self._merge.may_have_more(self._merged))
        with _damage():
            body = response_bytes(passed, author_of, partial=partial, has_more=has_more)
        return Answer(
            body,
            partial,
            retrieved=summarise(examined, self._merge.authors_of_newest(examined)),
            scored=summarise(passed, len(set(map(author_of.__getitem__, passed)))),
            has_more=has_more,
            unreadable=self._merge.unreadable,
            blocked_authors=len(self._query.blocked_authors.intersection(self._query.following)),
            blocked_reposts=self._merge.blocked_reposts,
        )

    def _entries(self, authors: Sequence[int]) -> int:
        return sum(map(self._depths.__getitem__, authors))

    def _take_lists(
        self, authors: Sequence[int], replies: Sequence[Replies], unsafe: Collection[int], errors: list[str]
    ) -> bool:
        """Add lists, newest entry first; whether any entry was left out because its bucket is unsafe."""
        depths, merge, is_cut = self._depths, self._merge, False
        for author, members in zip(authors, replies, strict=False):
            if members.__class__ is not list:
                errors.append(_error_text(members))
                merge.close_author(author)
                continue
            depth = depths[author]
            if len(members) > depth:
                raise ValueError(f"{len(members)} entries instead of {depth}")
            last_read = members[-1] if len(members) == depth else None
            if unsafe:
                safe = self._safe(members, unsafe)
                if len(safe) < len(members):
                    is_cut = True
                    merge.note_gap()
                members = safe  # noqa: PLW2901
            merge.add_author(author, members, last_read)
            depths[author] = depth * GROWTH
        return is_cut

    def _take_records(
        self, parents: Sequence[bytes], replies: Iterable[Replies], unsafe: Collection[int], errors: list[str]
    ) -> int:
        """Add records; the number of those left out because their author's bucket is unsafe."""
        merge, oldest, dropped = self._merge, self._oldest, 0
        for parent, record in zip(parents, replies, strict=True):
            if record is not None and record.__class__ is not bytes:
                errors.append(_error_text(record))
                merge.close_parent(parent)
            elif unsafe and self._is_unsafe(record, unsafe):
                dropped += 1
                merge.close_parent(parent)
            else:
                merge.add_parent(parent, live_record(record, oldest))
        return dropped

    def _safe(self, members: Iterable[bytes], unsafe: Collection[int]) -> list[bytes]:
        """The entries that cannot have been deleted: a tombstone lies with the record of its post."""
        bucket_of_post = self._packer.bucket_of_post
        return [member for member in members if bucket_of_post(member[POST_ID]) not in unsafe]

    def _is_unsafe(self, record: bytes | None, unsafe: Collection[int]) -> bool:
        """Whether a parent may have been deleted with all posts of its author: that is noted with the lists."""
        live = live_record(record, 0)
        return live is not None and self._packer.bucket_of_author(live.author_id) in unsafe

    def _close_untaken(self) -> None:
        for pipeline in self._untaken.values():
            self._close(pipeline.authors, pipeline.parents)

    def _close(self, authors: Iterable[int], parents: Iterable[bytes]) -> None:
        """Do without these lists and records."""
        self.partial = True
        for author in authors:
            self._merge.close_author(author)
        for parent in parents:
            self._merge.close_parent(parent)


@contextmanager
def _damage() -> Generator[None]:
    try:
        yield
    except _DAMAGES as error:
        raise DamagedReply(f"Redis sent what this server does not understand: {error}") from error


def _error_text(reply: Replies) -> str:
    if isinstance(reply, Exception):
        return str(reply)
    raise TypeError(f"a reply of type {type(reply).__name__}")


def _can_hold_posts(query: Query, floor: int) -> bool:
    """Whether there are posts between the floor and the place that the page begins behind."""
    return query.before is None or query.before.created_at >= floor
