"""Where reading of a partition starts."""

from typing import NamedTuple

from common.kafka.settings import OffsetReset


class Watermarks(NamedTuple):
    """Offset of the first message that a partition holds, and the one that its next message will get."""

    low: int
    high: int


class Start(NamedTuple):
    """offset is to be read first. has_commit: the group has committed it; otherwise that must be done before."""

    offset: int
    has_commit: bool


class StartPolicy(NamedTuple):
    """reset: where a group without a commit starts. skip_to_latest: start at the end, whatever was committed."""

    reset: OffsetReset = OffsetReset.LARGEST
    skip_to_latest: bool = False

    def start(self, committed: int | None, watermarks: Watermarks) -> Start:
        """Resume at the commit, unless there is none or it is to be skipped."""
        if self.skip_to_latest:
            return Start(watermarks.high, has_commit=committed == watermarks.high)
        if committed is not None:
            return Start(committed, has_commit=True)
        from_earliest = self.reset in (OffsetReset.SMALLEST, OffsetReset.EARLIEST)
        return Start(watermarks.low if from_earliest else watermarks.high, has_commit=False)

    @property
    def after_first_assignment(self) -> "StartPolicy":
        """What was missed before the start is skipped once; partitions that move later are resumed."""
        return self._replace(skip_to_latest=False)
