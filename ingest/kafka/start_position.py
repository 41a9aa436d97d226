"""Where reading of a partition starts."""

from typing import NamedTuple

from common.settings.kafka import OffsetReset
from ingest.kafka.lineage import Commit, commit_holds


class Watermarks(NamedTuple):
    """Offset of the first message that a partition holds, and the one that its next message will get."""

    low: int
    high: int


class StartOffset(NamedTuple):
    """offset is to be read first. has_commit: the group has committed it; otherwise that must be done before."""

    offset: int
    has_commit: bool


class StartPolicy(NamedTuple):
    """reset: where a group without a commit starts. skip_to_latest: start at the end, whatever was committed.

    rebuild: only commits made for the store as it is now count.
    """

    reset: OffsetReset = OffsetReset.LARGEST
    skip_to_latest: bool = False
    rebuild: bool = False

    def start(self, commit: Commit | None, watermarks: Watermarks, lineage: str) -> StartOffset | None:
        """Resume at the commit, unless there is none or it is to be skipped.

        None: what was committed is not in the store of this lineage; the time of the messages decides.
        """
        if self.skip_to_latest:
            return StartOffset(watermarks.high, has_commit=commit is not None and commit.offset == watermarks.high)
        if not commit_holds(commit, lineage, strictly=self.rebuild):
            return None
        if commit is not None:
            return StartOffset(commit.offset, has_commit=True)
        from_earliest = self.reset in (OffsetReset.SMALLEST, OffsetReset.EARLIEST)
        return StartOffset(watermarks.low if from_earliest else watermarks.high, has_commit=False)

    @property
    def after_first_assignment(self) -> "StartPolicy":
        """What was missed before the start is skipped once; partitions that move later are resumed."""
        return self._replace(skip_to_latest=False)
