"""Offsets that may be committed, and commits that are not acknowledged yet. Pure."""

import math
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from common.timing import Backoff
from ingest.batch import Message

_BACKOFF = Backoff(first=0.2, longest=1.0)
"""Partitions may wait for a commit before they are read."""


def offsets_to_commit(applied: Iterable[Message]) -> dict[int, int]:
    """Offset after the last applied message, per partition.

    The messages are whole batches in the order of delivery, so a gap hides no unapplied message: offsets that are
    missing were compacted away or belong to transaction markers.
    """
    return {message.partition: message.offset + 1 for message in applied}


class PendingCommits:
    """Next offset to read of each partition whose commit is not acknowledged, and the number of requests under way.

    After a failure nothing is requested for a while. Times are seconds of one clock that never goes back.
    """

    def __init__(self, backoff: Backoff = _BACKOFF) -> None:
        self._offsets: dict[int, int] = {}
        self._requests = 0
        self._backoff = backoff
        self._failures = 0
        self._not_before = -math.inf

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
        """A request succeeded: these offsets are committed."""
        self._requests -= 1
        self._failures, self._not_before = 0, -math.inf
        self._acknowledge(committed)

    def failed(self, now: float, committed: Mapping[int, int] = MappingProxyType({})) -> None:
        """A request failed, but for these offsets, which are committed."""
        self._requests -= 1
        self._acknowledge(committed)
        self._not_before = now + self._backoff.delay(self._failures)
        self._failures += 1

    def hurry(self) -> None:
        """Let the next request be made at once."""
        self._failures, self._not_before = 0, -math.inf

    @property
    def offsets(self) -> dict[int, int]:
        """Offsets that a request made now must name."""
        return dict(self._offsets)

    def may_be_requested(self, now: float) -> bool:
        """Some are not acknowledged, and no failure was short ago."""
        return bool(self._offsets) and now >= self._not_before

    def must_be_repeated(self, now: float) -> bool:
        """The same, and no request for them is under way."""
        return self.may_be_requested(now) and not self._requests

    @property
    def acknowledged(self) -> bool:
        """Every commit is acknowledged, and no request is under way."""
        return not self._offsets and not self._requests

    def _acknowledge(self, committed: Mapping[int, int]) -> None:
        for partition, offset in committed.items():
            if self._offsets.get(partition) == offset:
                del self._offsets[partition]
