"""Catch-up: a worker has applied the messages that its partitions held when they were assigned to it. Pure."""

from collections.abc import Collection, Mapping
from typing import NamedTuple


class OffsetRange(NamedTuple):
    """Next offset to read of a partition, and its end offset when it was assigned. is_replay: a replay begins there.

    topic_id: of the topic that they were looked up in, empty where it is not known.
    """

    next: int
    end: int
    is_replay: bool = False
    topic_id: str = ""


class CatchUpProgress:
    """Progress of a member of the group on each of its partitions. One that has caught up stays so until it is lost."""

    def __init__(self) -> None:
        self._offset_ranges: dict[int, OffsetRange] = {}
        self._caught_up: set[int] = set()

    def gained(self, offset_ranges: Mapping[int, OffsetRange]) -> None:
        """Partitions were assigned."""
        self._offset_ranges.update(offset_ranges)
        self._mark_reached(offset_ranges)

    def lost(self, partitions: Collection[int]) -> None:
        """Partitions were revoked."""
        for partition in partitions:
            self._offset_ranges.pop(partition, None)
        self._caught_up.difference_update(partitions)

    def applied(self, next_offsets: Mapping[int, int]) -> None:
        """Everything below these offsets is applied."""
        for partition, next_offset in next_offsets.items():
            if partition in self._offset_ranges:
                self._offset_ranges[partition] = self._offset_ranges[partition]._replace(next=next_offset)
        self._mark_reached(next_offsets)

    def behind(self, next_offsets: Mapping[int, int]) -> dict[int, int]:
        """The offsets of partitions of this member that are applied up to another offset."""
        return {
            partition: next_offset
            for partition, next_offset in next_offsets.items()
            if partition in self._offset_ranges and self._offset_ranges[partition].next != next_offset
        }

    @property
    def positions(self) -> dict[int, int]:
        """Offset of each partition of this member below which everything is applied."""
        return {partition: offset_range.next for partition, offset_range in self._offset_ranges.items()}

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
        """An empty partition is reached at once."""
        for partition in partitions:
            offset_range = self._offset_ranges.get(partition)
            if offset_range is not None and offset_range.next >= offset_range.end:
                self._caught_up.add(partition)
