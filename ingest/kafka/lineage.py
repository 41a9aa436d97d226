"""What a group's commits are worth: they hold for the store that the events before them went into, and no other. Pure.

A store names its data with a lineage. Each commit carries the lineage for which it was made; where it does not match,
the partition is read again, from the oldest message that the store still needs.
"""

from collections.abc import Callable
from typing import NamedTuple


class Commit(NamedTuple):
    """The next offset to read, as the group committed it. lineage: for which data, empty when nobody said."""

    offset: int
    lineage: str = ""


class LineageSource(NamedTuple):
    """lineage: names the data of the store now, empty for none. since: from when (Unix s) a topic can fill it anew."""

    lineage: Callable[[], str]
    since: Callable[[], int]


NO_LINEAGE = LineageSource(str, int)
"""For a reader that fills no store: its commits hold for ever."""


def commit_holds(commit: Commit | None, lineage: str, *, strictly: bool) -> bool:
    """Whether reading may go by the commit, or by the lack of one.

    strictly: a commit that does not say for which data does not count, nor does the lack of one.
    """
    if not lineage:
        return True
    said = commit.lineage if commit else ""
    return said == lineage or not (said or strictly)
