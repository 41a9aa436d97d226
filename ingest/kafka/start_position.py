"""Start offset of a partition: after its commit, by the reset, or by time if the store lost what was committed. Pure.

A store names its data with a lineage. Each commit carries the lineage for which it was made; where it does not match,
the partition is read again, from the oldest message that the store still needs. So it is where the topic was deleted
and made again since, which its id says: a commit of the former topic says nothing of this one.
"""

from collections.abc import Callable
from typing import NamedTuple

from common.settings.kafka import OffsetReset


def _no_topic_id(_partition: int) -> str:
    return ""


class LineageSource(NamedTuple):
    """Data and topic that commits are made for. lineage: names the data of the store now, empty for none.

    since: Unix s from which a new store needs messages. topic_id: id of the topic now, empty while it is not known.
    former_topic_id: of the topic that a partition was read from when the store was filled last, empty where that is not
    known. None of them blocks.
    """

    lineage: Callable[[], str]
    since: Callable[[], int]
    topic_id: Callable[[], str] = str
    former_topic_id: Callable[[int], str] = _no_topic_id

    def is_of_former_topic(self, partition: int, topic_id: str) -> bool:
        """Whether the partition was read last from a topic that is gone: this id is another."""
        return bool(topic_id) and self.former_topic_id(partition) not in ("", topic_id)


NO_LINEAGE = LineageSource(str, int)
"""For a reader that fills no store: its commits hold as long as the topic is the same."""


class Commit(NamedTuple):
    """The next offset to read, as the group committed it. lineage: for which data, empty where the commit has none."""

    offset: int
    lineage: str = ""


def commit_holds(commit: Commit | None, lineage: str, *, strictly: bool) -> bool:
    """Whether the start may depend on the commit, or on the lack of one.

    strictly: a commit without a lineage does not count, nor does the lack of a commit.
    """
    if not lineage:
        return True
    committed_for = commit.lineage if commit else ""
    return committed_for == lineage or not (committed_for or strictly)


class Watermarks(NamedTuple):
    """Offset of the first message that a partition holds, and the one that its next message will get."""

    low: int
    high: int

    def nearest(self, offset: int) -> int:
        """The offset, or the end of the partition that is nearer to it."""
        return min(max(self.low, offset), self.high)


class StartOffset(NamedTuple):
    """offset is read first. has_commit: the group has committed it; otherwise it must be committed before reading."""

    offset: int
    has_commit: bool


class StartPolicy(NamedTuple):
    """reset: where a group without a commit starts. skip_to_latest: start at the end in spite of a commit.

    rebuild: only commits made for the present lineage count. group_started: the group has commits, so that a partition
    without one was added later; the reset does not speak of it. replay_from: read again from this offset in spite of
    the commit, 0 for everything that the store needs; None for no replay. made_again: the topic was deleted and made
    again since the partition was read.
    """

    reset: OffsetReset = OffsetReset.LARGEST
    skip_to_latest: bool = False
    rebuild: bool = False
    group_started: bool = False
    replay_from: int | None = None
    made_again: bool = False

    def start(self, commit: Commit | None, watermarks: Watermarks, lineage: str) -> StartOffset | None:
        """Resume at the commit, unless there is none or it is to be skipped; at the earliest if it is out of range.

        None: the partition or its topic is new, or the store lacks what was committed: the time of messages decides.
        """
        if self.replay_from is not None:
            return StartOffset(watermarks.nearest(self.replay_from), has_commit=False) if self.replay_from else None
        if self.skip_to_latest:
            return StartOffset(watermarks.high, has_commit=commit is not None and commit.offset == watermarks.high)
        if self.made_again or not commit_holds(commit, lineage, strictly=self.rebuild):
            return None
        if commit is not None and watermarks.low <= commit.offset <= watermarks.high:
            return StartOffset(commit.offset, has_commit=True)
        if commit is not None or not self._from_latest:
            return StartOffset(watermarks.low, has_commit=False)
        return None if self.group_started else StartOffset(watermarks.high, has_commit=False)

    def depends_on_group(self, commit: Commit | None, lineage: str) -> bool:
        """Whether the start is the end of the partition for a new group, and another for one that has started."""
        if self.skip_to_latest or self.group_started or self.made_again:
            return False
        if self.replay_from is not None or commit is not None:
            return False
        return self._from_latest and commit_holds(commit, lineage, strictly=self.rebuild)

    @property
    def needs_commit(self) -> bool:
        """Whether the commit decides. A replay need not wait for the coordinator of the group, who has it."""
        return self.replay_from is None

    @property
    def after_first_assignment(self) -> "StartPolicy":
        """The policy from then on: partitions that move later are resumed."""
        return self._replace(skip_to_latest=False)

    def replaying(self, offset: int) -> "StartPolicy":
        """The policy for a partition that is to be read again from this offset."""
        return self._replace(skip_to_latest=False, replay_from=offset)

    @property
    def in_new_topic(self) -> "StartPolicy":
        """The policy for a partition of a topic that was deleted and made again."""
        return self._replace(made_again=True)

    @property
    def in_started_group(self) -> "StartPolicy":
        """The policy once the group has commits."""
        return self._replace(group_started=True)

    @property
    def _from_latest(self) -> bool:
        return self.reset in (OffsetReset.LARGEST, OffsetReset.LATEST)
