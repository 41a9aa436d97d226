"""The partitions that the group has assigned to this member, and their changes. Pure."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from ingest.kafka.catch_up import OffsetRange


class AssignmentChanges(NamedTuple):
    """Partitions that came and went. One that went and came back is in both: it is read again from its commit."""

    gained: Mapping[int, OffsetRange]
    lost: frozenset[int]


_NO_CHANGES = AssignmentChanges({}, frozenset())


class Assignment:
    """Partitions of this member. One is ready once its start offset is known and committed."""

    def __init__(self) -> None:
        self._owned: dict[int, int] = {}
        self._count = 0
        self._unstarted: set[int] = set()
        self._uncommitted: dict[int, OffsetRange] = {}
        self._gained: dict[int, OffsetRange] = {}
        self._lost: set[int] = set()
        self._assigned = False

    def assigned(self, partitions: Collection[int]) -> None:
        """The group assigned these partitions, perhaps none. Their starts are not known yet."""
        self._assigned = True
        self._count += 1
        self._owned.update(dict.fromkeys(partitions, self._count))
        self._unstarted.update(partitions)

    def started(self, offset_ranges: Mapping[int, OffsetRange], without_commit: Collection[int]) -> None:
        """The starts of these partitions are known. Those without a commit are not ready."""
        self._unstarted.difference_update(offset_ranges)
        for partition, offset_range in offset_ranges.items():
            pending = self._uncommitted if partition in without_commit else self._gained
            pending[partition] = offset_range

    def restart(self) -> frozenset[int]:
        """Forget the starts that are not committed. Returns these partitions."""
        partitions = frozenset(self._uncommitted)
        self._uncommitted.clear()
        self._unstarted.update(partitions)
        return partitions

    def revoked(self, partitions: Collection[int]) -> None:
        """The group revoked these partitions, or they are lost."""
        self._lost.update(partitions)
        for partition in partitions:
            self._owned.pop(partition, None)
            self._uncommitted.pop(partition, None)
            self._gained.pop(partition, None)
        self._unstarted.difference_update(partitions)

    def committed(self, offsets: Mapping[int, int]) -> frozenset[int]:
        """These offsets are committed. Returns the partitions that became ready to be read."""
        ready = {
            partition: offset_range
            for partition, offset_range in self._uncommitted.items()
            if offsets.get(partition) == offset_range.next
        }
        for partition, offset_range in ready.items():
            del self._uncommitted[partition]
            self._gained[partition] = offset_range
        return frozenset(ready)

    def take_changes(self) -> AssignmentChanges:
        """Changes since the last call, as far as the partitions are ready to be read."""
        if not (self._gained or self._lost):
            return _NO_CHANGES
        changes = AssignmentChanges(self._gained, frozenset(self._lost))
        self._gained, self._lost = {}, set()
        return changes

    @property
    def start_offsets_committed(self) -> bool:
        """There was an assignment, perhaps an empty one, and all of it is ready to be read."""
        return self._assigned and not (self._uncommitted or self._unstarted)

    @property
    def owned(self) -> frozenset[int]:
        """All partitions of this member."""
        return frozenset(self._owned)

    @property
    def unstarted(self) -> dict[int, int]:
        """Partitions whose start is not known, each with the number of its assignment: it may go and come back."""
        return {partition: self._owned[partition] for partition in self._unstarted}

    @property
    def ready(self) -> frozenset[int]:
        """Partitions that may be read."""
        return frozenset(self._owned.keys() - self._uncommitted.keys() - self._unstarted)
