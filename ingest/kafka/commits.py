"""Offsets that may be committed, and commits that are not acknowledged yet. Pure."""

from collections.abc import Collection, Iterable, Mapping

from ingest.batch import Message


def offsets_to_commit(applied: Iterable[Message]) -> dict[int, int]:
    """Offset after the last applied message, per partition.

    The messages are whole batches in the order of delivery, so a gap hides no unapplied message: offsets that are
    missing were compacted away or belong to transaction markers.
    """
    return {message.partition: message.offset + 1 for message in applied}


class PendingCommits:
    """Next offset to read of each partition whose commit is not acknowledged, and the number of requests under way."""

    def __init__(self) -> None:
        self._offsets: dict[int, int] = {}
        self._requests = 0

    def add(self, offsets: Mapping[int, int]) -> None:
        """These offsets are to be committed; they replace older ones."""
        self._offsets.update(offsets)

    def drop(self, partitions: Collection[int]) -> None:
        """These partitions belong to another member now."""
        for partition in partitions:
            self._offsets.pop(partition, None)

    def requested(self) -> None:
        """A request for all of them is under way."""
        self._requests += 1

    def answered(self, committed: Mapping[int, int]) -> None:
        """A request was answered: these offsets are committed, none when it failed."""
        self._requests -= 1
        for partition, offset in committed.items():
            if self._offsets.get(partition) == offset:
                del self._offsets[partition]

    @property
    def offsets(self) -> dict[int, int]:
        """Offsets that a request made now must name."""
        return dict(self._offsets)

    @property
    def must_be_repeated(self) -> bool:
        """Some are not acknowledged, and no request for them is under way."""
        return bool(self._offsets) and not self._requests

    @property
    def acknowledged(self) -> bool:
        """Every commit is acknowledged, and no request is under way."""
        return not self._offsets and not self._requests
