"""Judges which buckets of a node may be read, by the marks that were read over one connection. Pure.

A bucket may be read for a kind when each registered mark of the kind says that it is whole under the node's tenure.
That holds on the same connection as long as every pipeline finds the id of its marks and the node's history unchanged.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import NamedTuple

import hiredis

from common.store.address import Node
from common.store.commands import Reply
from common.store.keys import marks_key
from common.store.marks import (
    MARKS_ID,
    READ_NODE_ID,
    READ_REPLICATION_INFO,
    READ_SERVER_INFO,
    MarkKind,
    Tenure,
    parse_registry,
    read_marks_id,
    tenure_of,
)
from serve.readiness.verdict import LeftOut, StoreStatus

_READ_TENURE = READ_SERVER_INFO + READ_REPLICATION_INFO

_MARKS_AT_ONCE = 1024
"""Marks that are read and judged in one piece: some two milliseconds of the event loop."""

_MASTER, _REPLICATION_ID = b"role:master\r", b"\nmaster_replid:"


class Gap(StrEnum):
    """Reason why a bucket is left out, said of its node."""

    REPLICA = "is a replica"
    UNREADABLE = "refuses to show its marks"
    UNMARKED = "has lost posts"
    UNCONFIRMED = "was restarted or replaced, or took over slots, and no worker has confirmed its posts yet"
    REFILLING = "is being refilled"


class ExpectedMarks(NamedTuple):
    """The marks that each bucket of a store must have, by kind, and its lineage. A kind without any is not judged."""

    lineage: str
    fields: Mapping[MarkKind, tuple[bytes, ...]]


def expected_marks(meta: Mapping[bytes, bytes], former: ExpectedMarks | None, now: int) -> ExpectedMarks | None:
    """The marks to expect in a store with this meta hash; None for one that is empty or without marks.

    Those of the same lineage stay as they were when the hash names none any more: it was lost and written again.
    """
    lineage, retention = meta.get(b"lineage", b"").decode(), meta.get(b"retention_seconds", b"")
    if not lineage or not retention.isdigit():
        return None
    registry = parse_registry(meta, now, int(retention))
    if not registry.is_kept:
        return former if former and former.lineage == lineage else None
    return ExpectedMarks(lineage, {kind: tuple(sorted(registry.fields[kind] - registry.retired)) for kind in MarkKind})


class WantedFill(NamedTuple):
    """Buckets of a node, whose marks are to be read."""

    expected: ExpectedMarks
    buckets: tuple[int, ...]
    in_cluster: bool

    def tenure_commands(self) -> tuple[bytes, int]:
        """Packed commands that read the node's tenure, and the number of their replies."""
        return (_READ_TENURE + READ_NODE_ID, 3) if self.in_cluster else (_READ_TENURE, 2)

    def marks_commands(self) -> Iterator[tuple[Sequence[int], bytes]]:
        """Packed commands that read the marks, of some buckets at a time, with one reply for each of these."""
        fields = (MARKS_ID, *(field for fields in self.expected.fields.values() for field in fields))
        head = b"*%d\r\n$5\r\nHMGET\r\n" % (2 + len(fields))
        tail = b"".join(b"$%d\r\n%b\r\n" % (len(field), field) for field in fields)
        step = max(1, _MARKS_AT_ONCE // len(fields))
        for start in range(0, len(self.buckets), step):
            some = self.buckets[start : start + step]
            keys = map(marks_key, some)
            yield some, b"".join(b"%b$%d\r\n%b\r\n%b" % (head, len(key), key, tail) for key in keys)


class NodeFill(NamedTuple):
    """State of a node, as its marks were read.

    history: the line of INFO with its replication id, None for a replica. ids: of the marks of its buckets.
    whole: buckets that may be read, by kind. gaps: number of the others, by reason.
    """

    wanted: WantedFill
    history: bytes | None
    ids: Mapping[int, bytes]
    whole: Mapping[MarkKind, frozenset[int]]
    gaps: Mapping[Gap, int]

    def left_out(self, kind: MarkKind) -> frozenset[int]:
        """Buckets that must not be read for this kind; none for one that is not judged."""
        buckets, whole = self.wanted.buckets, self.whole[kind]
        if len(whole) == len(buckets) or not self.wanted.expected.fields[kind]:
            return frozenset()
        return frozenset(buckets) - whole

    def readable(self, kind: MarkKind) -> frozenset[int] | None:
        """Buckets that may be read for this kind; None when all may."""
        whole = self.whole[kind]
        return whole if len(whole) < len(self.wanted.buckets) else None

    def is_confirmed(self, bucket: int, marks_id: Reply, replication: Reply) -> bool:
        """Whether the replies to check_commands() of a bucket that may be read show that this still holds."""
        return marks_id == self.ids[bucket] and self.has_history(replication)

    def has_history(self, replication: Reply) -> bool:
        """Whether a reply to INFO replication is that of the same master with the same history."""
        return (
            isinstance(replication, bytes)
            and self.history is not None
            and _MASTER in replication
            and self.history in replication
        )


@cache
def check_commands(bucket: int) -> tuple[bytes, bytes]:
    """Packed commands that show, behind others of a pipeline, whether what was read of the node still holds."""
    return read_marks_id(bucket), READ_REPLICATION_INFO


def _history_of(replication: Reply) -> bytes | None:
    """The line with a master's replication id, which every promotion changes; None for a replica or an error."""
    if not isinstance(replication, bytes) or _MASTER not in replication:
        return None
    start = replication.find(_REPLICATION_ID)
    return replication[start : replication.find(b"\r", start) + 1]


class FillJudge:
    """Judges the marks of a node as they come in."""

    def __init__(self, wanted: WantedFill, tenure: Sequence[Reply]) -> None:
        """tenure: replies to the tenure commands."""
        self._wanted = wanted
        self._history = _history_of(tenure[1])
        self._stamp = _stamp_of(wanted.expected.lineage, tenure)
        is_readable = not any(isinstance(reply, hiredis.ReplyError) for reply in tenure)
        self._gap_of_all = Gap.REPLICA if is_readable and self._history is None else None
        self._ids: dict[int, bytes] = {}
        self._whole: dict[MarkKind, set[int]] = {kind: set() for kind in MarkKind}
        self._gaps: Counter[Gap] = Counter()

    def add(self, buckets: Sequence[int], replies: Sequence[Reply]) -> None:
        """Judge some buckets by the replies to their marks commands."""
        for bucket, reply in zip(buckets, replies, strict=True):
            if gap := self._judge(bucket, reply):
                self._gaps[gap] += 1

    def result(self) -> NodeFill:
        """The state that all of them add up to."""
        whole = {kind: frozenset(buckets) for kind, buckets in self._whole.items()}
        return NodeFill(self._wanted, self._history, self._ids, whole, self._gaps)

    def _judge(self, bucket: int, reply: Reply) -> Gap | None:
        """Take one bucket into account; the reason when it must not be read for some kind."""
        if self._stamp is None or isinstance(reply, hiredis.ReplyError):
            return self._gap_of_all or Gap.UNREADABLE
        marks_id, *marks = reply
        if marks_id is None:
            return Gap.UNMARKED
        self._ids[bucket] = marks_id
        gap, start = None, 0
        for kind, fields in self._wanted.expected.fields.items():
            end = start + len(fields)
            gap_of_kind = _first_gap(marks[start:end], self._stamp)
            gap, start = gap or gap_of_kind, end
            if gap_of_kind is None:
                self._whole[kind].add(bucket)
        return gap


def with_fills(status: StoreStatus, fills: Mapping[Node, NodeFill]) -> StoreStatus:
    """The status of a store whose nodes are filled so far; none are known for a store without marks.

    It has not caught up while nothing may be read.
    """
    if not fills:
        return status
    left_out = _left_out(fills)
    if left_out.posts == left_out.buckets:
        waiting_for = f"ingest to fill what Redis lacks: {left_out.reasons}"
        return status._replace(caught_up=False, waiting_for=status.waiting_for or waiting_for, left_out=left_out)
    if any(fill.wanted.expected.lineage != status.lineage for fill in fills.values()):  # read just before or after
        return status._replace(caught_up=False, waiting_for=status.waiting_for or "a look at the new store")
    return status._replace(left_out=left_out)


def _left_out(fills: Mapping[Node, NodeFill]) -> LeftOut:
    def count(kind: MarkKind) -> int:
        return sum(len(fill.left_out(kind)) for fill in fills.values())

    gaps = {f"Redis {node} {max(fill.gaps, key=fill.gaps.__getitem__)}" for node, fill in fills.items() if fill.gaps}
    buckets = sum(len(fill.wanted.buckets) for fill in fills.values())
    return LeftOut(count(MarkKind.POSTS), count(MarkKind.FOLLOWS), buckets, "; ".join(sorted(gaps)))


def _stamp_of(lineage: str, replies: Sequence[Reply]) -> str | None:
    """The stamp of marks that hold on this node; None when it is a replica, or does not say who it is."""
    if any(isinstance(reply, hiredis.ReplyError) for reply in replies):
        return None
    tenure: Tenure = tenure_of(*replies)
    return tenure.stamp(lineage) if tenure.is_master else None


def _first_gap(marks: Sequence[bytes | None], stamp: str) -> Gap | None:
    held = stamp.encode()
    return next((gap for value in marks if (gap := _gap_of(value, held))), None)


def _gap_of(value: bytes | None, stamp: bytes) -> Gap | None:
    """As Mark.is_whole(), without making a mark: a store has up to 16,000 of them."""
    parts = value.split(b"|", 3) if value else ()
    if len(parts) != 4:
        return Gap.UNMARKED
    offset, held, whole_at, _ = parts
    if held != stamp:
        return Gap.UNCONFIRMED
    return None if offset == whole_at or int(offset) >= int(whole_at) else Gap.REFILLING
