"""Decides what the marks of a bucket prove, and from where a partition must be read again. Pure.

Redis keeps prefixes of what was written to it, and a write that was acknowledged may be lost with the process that did
so. A mark that carries the stamp of the process that holds the bucket now, proves everything below its offset; one with
an earlier stamp of the same shard proves it for the data that is held, but nothing of what was written since.
"""

from collections.abc import Iterable, Mapping, Set
from enum import StrEnum
from typing import NamedTuple

from common.store.marks import BucketMarks, Mark, Tenure, is_of_lineage, parse_registry

EVERYTHING = 0
"""Start of a replay of all that the store still needs."""


class Suspicion(StrEnum):
    """Reason to read a partition again. A closed set: it labels a metric. Those in LOSSES prove that writes are lost.

    missing: no mark where there was one. older: a mark is below what this worker raised it to, or a post that was
    stored is gone. moved: the bucket came from another node, and it is not sure that all of it did. unconfirmed: writes
    since the last raise may be lost. pending: another worker ended before its replay did.
    """

    MISSING = "missing"
    OLDER = "older"
    MOVED = "moved"
    UNCONFIRMED = "unconfirmed"
    PENDING = "pending"


LOSSES = (Suspicion.MISSING, Suspicion.OLDER, Suspicion.MOVED)


class PartitionPlace(NamedTuple):
    """A partition of this worker. position: everything below it was applied, from `start` on, where it was gained.

    reach: the highest offset that any worker may have applied. replayed_from: offset of a replay that was asked for
    and that begins at `start`; None for a partition that resumed at its commit. topic_id: empty where it is not known.
    """

    position: int
    start: int
    reach: int
    replayed_from: int | None = None
    topic_id: str = ""

    def is_of_new_topic(self, topic_id: str) -> bool:
        """Whether marks for this topic id speak of a topic that is gone: it was deleted and made again."""
        return topic_id not in ("", self.topic_id) and self.topic_id != ""

    def covers(self, offset: int) -> bool:
        """Whether everything from this offset up to the position has been applied, as far as Kafka still has it."""
        return self.start <= offset or (self.replayed_from is not None and self.replayed_from <= offset)


class Custody(StrEnum):
    """Whether the node of a bucket has had it since this worker saw it last. moved: it came over, and all of it did.

    unsure: it came, or was on the way, while one of the ends was replaced.
    """

    KEPT = "kept"
    MOVED = "moved"
    UNSURE = "unsure"


class Holding(NamedTuple):
    """The node that holds a bucket, and this worker's history with the bucket.

    origins: tenures whose data is all here: of the node itself, and of those that a bucket moved between. used: tenures
    that this worker wrote the bucket in since it was found true, and the one it was found true for.
    """

    tenure: Tenure
    lineage: str
    custody: Custody
    origins: Set[Tenure]
    used: Set[Tenure]

    @property
    def stamp(self) -> str:
        """Stamp of marks that are true now."""
        return self.tenure.stamp(self.lineage)

    def is_of_lineage(self, stamp: str) -> bool:
        """Whether a mark with this stamp speaks of the data that there is now."""
        return is_of_lineage(stamp, self.lineage)

    @property
    def is_trusted(self) -> bool:
        """Whether everything that this worker wrote is here."""
        return self.used <= self.origins


class MarkVerdict(NamedTuple):
    """mark: to replace the held one, None to keep it. replay_from: where the partition must be read again, or None."""

    mark: Mark | None = None
    replay_from: int | None = None
    suspicion: Suspicion | None = None


KEEP = MarkVerdict()


def outlives(meta: Mapping[bytes, bytes], buckets: Iterable[BucketMarks], now: int) -> bool:
    """Whether a store holds data of the lineage of its meta hash, which is lost, and was this when it was seen last.

    It does if a bucket is filled for it. The hash must be the last one: no registered mark is of another lineage, and
    no partition of a registered topic, whose marks are in all buckets, was registered since. now in Unix seconds.
    """
    lineage, retention = meta.get(b"lineage", b"").decode(), meta.get(b"retention_seconds", b"")
    if not lineage or not retention.isdigit():
        return False
    registry = parse_registry(meta, now, int(retention))
    registered = frozenset[bytes]().union(*registry.fields.values()) - registry.retired
    topics = {_topic_of(field) for field in registered}
    is_filled = False
    for held in buckets:
        for field, mark in held.marks.items():
            is_current = is_of_lineage(mark.stamp, lineage)
            if is_current != (field in registered) and _topic_of(field) in topics:
                return False
            is_filled |= is_current and field in registered and mark.offset >= mark.whole_at
    return is_filled


def _topic_of(field: bytes) -> bytes:
    return field.rpartition(b":")[0]


def verify(
    held: Mark | None,
    place: PartitionPlace,
    holding: Holding,
    *,
    raised: int | None,
    is_registered: bool,
    topic_id: str = "",
) -> MarkVerdict:
    """Judge the mark of a partition in a bucket. raised: offset up to which this worker raised it, None for not yet.

    is_registered: some worker has had a mark in every bucket. topic_id: of the topic of those marks, if known.
    """
    stamp = holding.stamp
    if holding.custody is Custody.UNSURE:
        return _replay(EVERYTHING, None, place, stamp, Suspicion.MOVED)
    if raised is None and place.replayed_from is None and place.is_of_new_topic(topic_id):
        return _begin_topic(place, holding)
    if held is None:
        return _verify_missing(place, stamp, was_there=raised is not None or is_registered)
    if not holding.is_of_lineage(held.stamp) or (raised is None and held.offset > place.reach):
        return _begin(place, stamp, whole_at=place.reach)  # replayed for the lineage; or made again
    if held.stamp == stamp:
        return _verify_current(held, place, holding)
    return _verify_earlier(held, place, holding, raised)


def _verify_missing(place: PartitionPlace, stamp: str, *, was_there: bool) -> MarkVerdict:
    if was_there:
        return _replay(EVERYTHING, None, place, stamp, Suspicion.MISSING)
    return _begin(place, stamp, whole_at=place.position)


def _verify_earlier(held: Mark, place: PartitionPlace, holding: Holding, raised: int | None) -> MarkVerdict:
    stamp = holding.stamp
    if holding.custody is Custody.MOVED and held.stamp in {origin.stamp(holding.lineage) for origin in holding.origins}:
        moved = held._replace(stamp=stamp, settled=0)  # all of it was written to this node's disk just now
        verdict = _verify_current(moved, place, holding)
        return verdict if verdict.mark else MarkVerdict(moved)
    if not holding.tenure.is_of_shard(held.stamp):
        return _replay(EVERYTHING, None, place, stamp, Suspicion.MOVED)
    suspicion = Suspicion.OLDER if raised is not None and held.offset < raised else Suspicion.UNCONFIRMED
    start = held.settled if holding.tenure.has_read_from_disk_since(held.stamp) else held.offset
    return _replay(start, held, place, stamp, suspicion)


def _verify_current(held: Mark, place: PartitionPlace, holding: Holding) -> MarkVerdict:
    """A true mark: what is below its offset is here. Only what this worker wrote to other data is not."""
    if not holding.is_trusted and held.offset < place.position:
        return _replay(held.offset, held, place, held.stamp, Suspicion.UNCONFIRMED)
    if held.offset < held.whole_at and not place.covers(held.offset):
        return _replay(held.offset, held, place, held.stamp, Suspicion.PENDING)
    return KEEP


def _begin(place: PartitionPlace, stamp: str, whole_at: int) -> MarkVerdict:
    return MarkVerdict(Mark(place.position, stamp, whole_at, place.position))


def _begin_topic(place: PartitionPlace, holding: Holding) -> MarkVerdict:
    """A mark of the new topic. What is in front of its start is in the store, or can be read no more."""
    fresh = Mark(place.start, holding.stamp, place.start, place.start)
    verdict = _verify_current(fresh, place, holding)
    return verdict if verdict.mark else MarkVerdict(fresh)


def _replay(start: int, held: Mark | None, place: PartitionPlace, stamp: str, suspicion: Suspicion) -> MarkVerdict:
    whole_at = max(place.reach, held.whole_at if held else 0)
    mark = Mark(start, stamp, whole_at, min(start, held.settled if held else start))
    return MarkVerdict(mark, start if start < place.position else None, suspicion)
