"""Catch-up: a worker has applied the messages that its partitions held when they were assigned to it. Pure."""

from collections.abc import Collection, Mapping
from typing import NamedTuple


class OffsetRange(NamedTuple):
    """Next offset to read of a partition, and its end offset when it was assigned."""

    next: int
    end: int


class CatchUpPolicy(NamedTuple):
    """A lag below batch_size is no lag once quiet_polls polls in a row brought nothing.

    Transaction markers at the end of a partition are never delivered: its end offset may never be reached.
    """

    batch_size: int
    quiet_polls: int = 5

    def reached(self, offset_range: OffsetRange) -> bool:
        """The messages that were there at the start are applied. True at once for an empty partition."""
        return offset_range.next >= offset_range.end

    def ended(self, next_offset: int, end: int, empty_polls: int) -> bool:
        """Nothing more arrives, and less than a batch is left."""
        return empty_polls >= self.quiet_polls and end - next_offset < self.batch_size


class CatchUpProgress:
    """Progress of a member of the group on each of its partitions. One that has caught up stays so until it is lost."""

    def __init__(self, policy: CatchUpPolicy) -> None:
        self._policy = policy
        self._offset_ranges: dict[int, OffsetRange] = {}
        self._caught_up: set[int] = set()
        self._empty_polls = 0

    def gained(self, offset_ranges: Mapping[int, OffsetRange]) -> None:
        """Partitions were assigned."""
        if offset_ranges:
            self._empty_polls = 0
        self._offset_ranges.update(offset_ranges)
        self._mark_reached(offset_ranges)

    def lost(self, partitions: Collection[int]) -> None:
        """Partitions were revoked."""
        for partition in partitions:
            self._offset_ranges.pop(partition, None)
        self._caught_up.difference_update(partitions)

    def applied(self, next_offsets: Mapping[int, int]) -> None:
        """Everything below these offsets is applied."""
        self._empty_polls = 0
        for partition, next_offset in next_offsets.items():
            if partition in self._offset_ranges:
                self._offset_ranges[partition] = self._offset_ranges[partition]._replace(next=next_offset)
        self._mark_reached(next_offsets)

    def nothing_arrived(self, ends: Mapping[int, int]) -> None:
        """A poll ended without a message while the partitions ended at these offsets, as far as they are known."""
        self._empty_polls += 1
        for partition, end in ends.items():
            offset_range = self._offset_ranges.get(partition)
            if offset_range is not None and self._policy.ended(offset_range.next, end, self._empty_polls):
                self._caught_up.add(partition)

    @property
    def partitions(self) -> frozenset[int]:
        """Partitions of this member."""
        return frozenset(self._offset_ranges)

    @property
    def caught_up(self) -> frozenset[int]:
        """Partitions that have caught up."""
        return frozenset(self._caught_up)

    @property
    def catching_up(self) -> bool:
        """Some partition has not caught up. False for a member without partitions."""
        return len(self._caught_up) < len(self._offset_ranges)

    def lags(self, ends: Mapping[int, int]) -> dict[int, int]:
        """Messages of each partition of this member between what is applied and its end.

        ends: current end offsets; where one is missing, the end seen when the partition was assigned counts.
        """
        return {
            partition: max(0, ends.get(partition, offset_range.end) - offset_range.next)
            for partition, offset_range in self._offset_ranges.items()
        }

    def _mark_reached(self, partitions: Collection[int]) -> None:
        for partition in partitions:
            if partition in self._offset_ranges and self._policy.reached(self._offset_ranges[partition]):
                self._caught_up.add(partition)
