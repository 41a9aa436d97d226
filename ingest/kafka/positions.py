"""Positions of one consumer in the partitions that it reads. Pure."""

from collections.abc import Collection, Mapping


class Positions:
    """Offset to receive next of each partition, and whether it is the end that can be read now.

    Records that are never delivered, such as transaction markers, do not move a position before the end is reached.
    """

    def __init__(self) -> None:
        self._next: dict[int, int] = {}
        self._ended: set[int] = set()

    def started(self, offsets: Mapping[int, int]) -> None:
        """Partitions will be read from these offsets."""
        self._next.update(offsets)
        self._ended.difference_update(offsets)

    def forget(self, partitions: Collection[int]) -> None:
        """These partitions are not read any more."""
        for partition in partitions:
            self._next.pop(partition, None)
        self._ended.difference_update(partitions)

    def received(self, partition: int, offset: int) -> None:
        """A message was received."""
        self._next[partition] = offset + 1
        self._ended.discard(partition)

    def reached_end(self, partition: int, end: int) -> bool:
        """Nothing more can be read below this end now. Returns whether the position moved."""
        moved = self._next.get(partition) != end
        self._next[partition] = end
        self._ended.add(partition)
        return moved

    @property
    def next(self) -> Mapping[int, int]:
        """Offset to receive next of each partition."""
        return self._next

    @property
    def ends(self) -> dict[int, int]:
        """The same of the partitions that were read to their end."""
        return {partition: self._next[partition] for partition in self._ended}
