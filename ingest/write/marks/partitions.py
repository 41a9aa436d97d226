"""Partitions of one consumer thread as its marks see them: how far each is, and which are to be read again. Pure."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from ingest.write.marks.memory import BucketMemory
from ingest.write.marks.rules import PartitionPlace

_LOOK_UP_SECONDS = 30.0
"""Time for which a partition is expected back that is to be read again; it may have gone to another worker."""


class _AskedReplay(NamedTuple):
    """start: offset that is read first. doubted_below: as in MarkedPartitions, 0 for none."""

    start: int
    doubted_below: int


class MarkedPartitions:
    """places: of the partitions that are read. Times are seconds of a clock that never goes back.

    doubts: offset below which everything was applied before, of each partition that is read again on a mere suspicion.
    """

    def __init__(self) -> None:
        self.places: dict[int, PartitionPlace] = {}
        self.doubts: dict[int, int] = {}
        self._asked: dict[int, _AskedReplay] = {}
        self._asked_at = -_LOOK_UP_SECONDS
        self._whole_at: dict[int, int] = {}

    def lost(self, partitions: Collection[int]) -> None:
        """These partitions belong to another worker, or are read again."""
        for partition in partitions:
            self.places.pop(partition, None)
            self.doubts.pop(partition, None)

    def gained(self, starts: Mapping[int, tuple[int, int, bool, str]]) -> None:
        """Partitions of this worker: next offset to read, end, whether it is the start of a replay, id of the topic."""
        for partition, (start, end, is_replay, topic_id) in starts.items():
            asked = self._asked.pop(partition, None)
            replayed_from = asked.start if asked and is_replay else None
            if asked and is_replay and start < asked.doubted_below:
                self.doubts[partition] = asked.doubted_below
            self.places[partition] = PartitionPlace(start, start, max(start, end), replayed_from, topic_id)

    def advance(self, positions: Mapping[int, int]) -> bool:
        """Everything below these positions is applied. Returns whether that can make a bucket whole."""
        is_whole = False
        for partition, position in positions.items():
            place = self.places.get(partition)
            if place is not None and position > place.position:
                self.places[partition] = place._replace(position=position, reach=max(place.reach, position))
                if position >= self.doubts.get(partition, position + 1):
                    del self.doubts[partition]
                if position >= self._whole_at.get(partition, position + 1):
                    del self._whole_at[partition]
                    is_whole = True
        return is_whole

    def replay(self, replays: Mapping[int, int], suspected: Collection[int], now: float) -> None:
        """These partitions are to be read again, each from this offset: they go, and come back.

        suspected: those of which no loss is proven.
        """
        for partition, start in replays.items():
            position = self.places.pop(partition).position
            self._asked[partition] = _AskedReplay(start, position if partition in suspected else 0)
            self._asked_at = now

    def awaited(self, now: float) -> bool:
        """Whether partitions that are to be read again have not come back."""
        return bool(self._asked) and now - self._asked_at < _LOOK_UP_SECONDS

    def watch(self, buckets: Iterable[BucketMemory]) -> None:
        """Notice when these buckets can become whole."""
        self._whole_at = {}
        for partition, offset in (item for memory in buckets for item in memory.short_until.items()):
            self._whole_at[partition] = min(offset, self._whole_at.get(partition, offset))

    @property
    def positions(self) -> dict[int, int]:
        """Positions of the partitions that are read."""
        return {partition: place.position for partition, place in self.places.items()}
