"""When a worker has caught up: with what was in its partitions when it was given them, not with a full batch."""

from collections.abc import Collection, Mapping
from typing import NamedTuple


class OffsetRange(NamedTuple):
    """Where reading of a partition starts, and the end offset that was seen at that moment."""

    next: int
    end: int


class CatchUpPolicy(NamedTuple):
    """A lag below batch_size is no lag once so many polls in a row brought nothing.

    Markers at the end of a partition are never delivered: its end offset may never be reached.
    """

    batch_size: int = 1000
    quiet_polls: int = 5

    def reached(self, span: OffsetRange) -> bool:
        """The messages that were there at the start are applied. True at once for an empty partition."""
        return span.next >= span.end

    def ended(self, next_offset: int, end: int, empty_polls: int) -> bool:
        """Nothing more arrives, and next to nothing is left."""
        return empty_polls >= self.quiet_polls and end - next_offset < self.batch_size


class CatchUpProgress:
    """Where a member of the group stands on each of its partitions. What was caught up stays so while it is held."""

    def __init__(self, policy: CatchUpPolicy) -> None:
        self._policy = policy
        self._spans: dict[int, OffsetRange] = {}
        self._caught_up: set[int] = set()
        self._empty_polls = 0

    def gained(self, spans: Mapping[int, OffsetRange]) -> None:
        """Partitions were assigned."""
        if spans:
            self._empty_polls = 0
        self._spans.update(spans)
        self._mark_reached(spans)

    def lost(self, partitions: Collection[int]) -> None:
        """Partitions were revoked."""
        for partition in partitions:
            self._spans.pop(partition, None)
        self._caught_up.difference_update(partitions)

    def applied(self, next_offsets: Mapping[int, int]) -> None:
        """Everything below these offsets is applied."""
        self._empty_polls = 0
        for partition, next_offset in next_offsets.items():
            if partition in self._spans:
                self._spans[partition] = self._spans[partition]._replace(next=next_offset)
        self._mark_reached(next_offsets)

    def nothing_arrived(self, ends: Mapping[int, int]) -> None:
        """A poll ended without a message while the partitions, as far as is known, ended at these offsets."""
        self._empty_polls += 1
        for partition, end in ends.items():
            span = self._spans.get(partition)
            if span is not None and self._policy.ended(span.next, end, self._empty_polls):
                self._caught_up.add(partition)

    @property
    def partitions(self) -> frozenset[int]:
        """Partitions of this member."""
        return frozenset(self._spans)

    @property
    def caught_up(self) -> frozenset[int]:
        """Those that have caught up."""
        return frozenset(self._caught_up)

    @property
    def catching_up(self) -> bool:
        """Some partition has not caught up. False for a member without partitions."""
        return len(self._caught_up) < len(self._spans)

    def lags(self, ends: Mapping[int, int]) -> dict[int, int]:
        """Messages of each partition of this member between what is applied and its end.

        ends: current end offsets; where one is missing, the end seen when the partition was assigned counts.
        """
        return {partition: max(0, ends.get(partition, span.end) - span.next) for partition, span in self._spans.items()}

    def _mark_reached(self, partitions: Collection[int]) -> None:
        for partition in partitions:
            if partition in self._spans and self._policy.reached(self._spans[partition]):
                self._caught_up.add(partition)
