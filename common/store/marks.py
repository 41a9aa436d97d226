"""Marks: how far a store is filled, kept in the store itself. Pure.

A hash per bucket (`keys.marks_key`) holds a mark for each partition of each topic that fills the store: every message
of the partition below the mark's offset, as far as it concerns the bucket, is in it. A stamp names for which data of
which Redis process that was found true. Redis keeps prefixes of what was written to it, so after lost writes the marks
are missing, too low, or carry the stamp of a process that is gone.

A registry in the hash `keys.META` names the partitions that a bucket needs marks of, and the time when a worker last
had them. Without any entry no worker keeps marks: nothing can be said then. Beside it stand the ids of the topics that
these marks were made for: a topic that was deleted and made again has another.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from common.store.commands import pack
from common.store.keys import marks_key

LEFT_OVER_SECONDS = 3600
"""Time after the retention until a partition that no worker has had counts no more."""

READ_SERVER_INFO = pack((b"INFO", b"server"))
READ_REPLICATION_INFO = pack((b"INFO", b"replication"))
READ_NODE_ID = pack((b"CLUSTER", b"MYID"))

MARKS_ID = b"id"
"""Field of a random token, which changes whenever the bucket ceases to be whole."""
_REGISTERED = "marks:"
_TOPIC_ID = b"topic-id:"
_PART = 8


class Tenure(NamedTuple):
    """The data that a Redis process holds, as INFO names it: a restart changes run_id, a promotion or demotion replid.

    previous_replid: before a promotion, zeros for none. node_id: empty without a cluster.
    """

    run_id: str
    replid: str
    previous_replid: str
    node_id: str
    is_master: bool

    @property
    def node_stamp(self) -> str:
        """The part of a stamp that names this tenure."""
        return self.run_id[:_PART] + self.replid[:_PART] + self.node_id[:_PART]

    def stamp(self, lineage: str) -> str:
        """Stamp of marks that are true now, for data of this lineage."""
        return lineage[:_PART] + self.node_stamp

    def is_of_shard(self, stamp: str) -> bool:
        """Whether the node has the data of the stamp's node, or a prefix: it is that one, or its promoted replica."""
        held = stamp_parts(stamp)
        return held.node_id == self.node_id[:_PART] or held.replid in self._histories

    def has_read_from_disk_since(self, stamp: str) -> bool:
        """Whether a node of that shard has its data from disk, rather than from the stamp's process."""
        held = stamp_parts(stamp)
        return held.run_id != self.run_id[:_PART] and held.replid not in self._histories

    @property
    def _histories(self) -> tuple[str, str]:
        return self.replid[:_PART], self.previous_replid[:_PART]


class StampParts(NamedTuple):
    """Names that make up a stamp, shortened."""

    lineage: str
    run_id: str
    replid: str
    node_id: str


def stamp_parts(stamp: str) -> StampParts:
    """Take a stamp apart."""
    return StampParts(*(stamp[at : at + _PART] for at in range(0, 4 * _PART, _PART)))


def is_of_lineage(stamp: str, lineage: str) -> bool:
    """Whether a stamp speaks of data of this lineage."""
    return stamp_parts(stamp).lineage == lineage[:_PART]


class Mark(NamedTuple):
    """Offset below which all of a partition is in a bucket, and for which tenure that was found true.

    whole_at: the bucket lacks posts that it had until the offset has reached this one. settled: an offset that was
    reached a minute before the offset at least, so that what is below it has been saved to disk.
    """

    offset: int
    stamp: str
    whole_at: int
    settled: int = 0

    def is_whole(self, stamp: str) -> bool:
        """Whether the bucket holds, on the node of this stamp, every post of the partition that it ever held."""
        return self.stamp == stamp and self.offset >= self.whole_at


def encode_mark(mark: Mark) -> bytes:
    """Value of the mark's field."""
    return b"%d|%b|%d|%d" % (mark.offset, mark.stamp.encode(), mark.whole_at, mark.settled)


def parse_mark(value: bytes) -> Mark | None:
    """Read a mark; None when the value is none."""
    try:
        offset, stamp, whole_at, settled = value.split(b"|")
        return Mark(int(offset), stamp.decode("ascii"), int(whole_at), int(settled))
    except ValueError:
        return None


def mark_field(topic: str, partition: int) -> bytes:
    """Field of a partition in the hash of a bucket's marks."""
    return b"%b:%d" % (topic.encode(), partition)


class BucketMarks(NamedTuple):
    """Marks of a bucket by their fields. id: changes whenever the bucket ceases to be whole; None for an empty hash."""

    id: bytes | None
    marks: Mapping[bytes, Mark]

    def are_whole(self, fields: Iterable[bytes], stamp: str) -> bool:
        """Whether the bucket is whole for each of these partitions, on the node of this stamp."""
        return all(field in self.marks and self.marks[field].is_whole(stamp) for field in fields)


def read_marks(bucket: int) -> bytes:
    """Packed command. Reply: for parse_marks."""
    return pack((b"HGETALL", marks_key(bucket)))


def read_marks_id(bucket: int) -> bytes:
    """Packed command. Reply: the id of the bucket's marks, None when they are gone."""
    return pack((b"HGET", marks_key(bucket), MARKS_ID))


def parse_marks(reply: list[bytes]) -> BucketMarks:
    """Reply to read_marks: fields and values in turn."""
    held = dict(zip(reply[::2], reply[1::2], strict=True))
    marks = {field: mark for field, value in held.items() if (mark := parse_mark(value)) is not None}
    return BucketMarks(held.get(MARKS_ID), marks)


def parse_info(reply: bytes) -> dict[str, str]:
    """Fields of a reply to INFO."""
    lines = (line.partition(":") for line in reply.decode("utf-8", "replace").splitlines())
    return {name: value for name, separator, value in lines if separator}  # headings have no colon


def tenure_of(server_info: bytes, replication_info: bytes, node_id: bytes = b"") -> Tenure:
    """Tenure out of the replies to READ_SERVER_INFO, READ_REPLICATION_INFO and, in a cluster, READ_NODE_ID."""
    server, replication = parse_info(server_info), parse_info(replication_info)
    return Tenure(
        server.get("run_id", ""),
        replication.get("master_replid", ""),
        replication.get("master_replid2", ""),
        node_id.decode("ascii"),
        replication.get("role") == "master",
    )


def uptime_of(server_info: bytes) -> int:
    """Seconds since the process began, out of the reply to READ_SERVER_INFO."""
    return int(parse_info(server_info).get("uptime_in_seconds", "0"))


class MarkKind(StrEnum):
    """Contents that a topic fills the store with."""

    POSTS = "posts"
    FOLLOWS = "follows"


def registry_field(kind: MarkKind, topic: str, partition: int) -> bytes:
    """Field of a partition in the registry. Its value: Unix seconds when a worker last had the partition."""
    return f"{_REGISTERED}{kind}:{topic}:{partition}".encode()


def topic_id_field(mark: bytes) -> bytes:
    """Field beside the registry that holds the topic id of the partition with this field of marks."""
    return _TOPIC_ID + mark


def parse_topic_ids(meta: Mapping[bytes, bytes]) -> dict[bytes, str]:
    """Topic ids by fields of marks, from the fields of the hash META."""
    return {
        name.removeprefix(_TOPIC_ID): value.decode("ascii", "replace")
        for name, value in meta.items()
        if name.startswith(_TOPIC_ID)
    }


class Registry(NamedTuple):
    """Fields of the marks that a bucket needs, by kind. left_over: fields of the registry that count no more.

    retired: of marks of follows that no worker has had for as long. Follows do not expire, so a worker that comes back
    still needs these marks; servers do not wait for it. topic_ids: of the topics that the marks were made for.
    """

    fields: Mapping[MarkKind, frozenset[bytes]]
    left_over: frozenset[bytes] = frozenset()
    retired: frozenset[bytes] = frozenset()
    topic_ids: Mapping[bytes, str] = MappingProxyType({})

    @property
    def is_kept(self) -> bool:
        """Whether any worker keeps marks; otherwise they say nothing about the store."""
        return any(self.fields.values())


def parse_registry(meta: Mapping[bytes, bytes], now: int, retention_seconds: int) -> Registry:
    """Read the registry from the fields of the hash META. now in Unix seconds."""
    fields: dict[MarkKind, set[bytes]] = {kind: set() for kind in MarkKind}
    left_over: set[bytes] = set()
    retired: set[bytes] = set()
    for name, value in meta.items():
        prefix, _, rest = name.decode("utf-8", "replace").partition(":")
        kind, _, field = rest.partition(":")
        if f"{prefix}:" != _REGISTERED or kind not in fields or not value.isdigit():
            continue
        is_old = int(value) < now - retention_seconds - LEFT_OVER_SECONDS
        if is_old and kind == MarkKind.POSTS:
            left_over.add(name)
            continue
        fields[MarkKind(kind)].add(field.encode())
        if is_old:
            retired.add(field.encode())
    by_kind = {kind: frozenset(names) for kind, names in fields.items()}
    return Registry(by_kind, frozenset(left_over), frozenset(retired), parse_topic_ids(meta))
