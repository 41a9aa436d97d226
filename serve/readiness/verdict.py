"""Whether this process may be sent requests. Pure.

Ready means: Redis answers, and ingest has caught up with the store that it holds. The second is asked once per lineage
of the store: later lag is a metric, and no reason to take every server out of service at once.
"""

from typing import NamedTuple


class StoreStatus(NamedTuple):
    """The store as it was a moment ago.

    answers: Redis answered. lineage: which data it holds (None: nothing was ever stored); another lineage means that
    the data was replaced. caught_up: ingest has caught up with this store. waiting_for: what is missing, or why Redis
    does not answer, in words; empty when caught up.
    """

    answers: bool
    lineage: str | None
    caught_up: bool
    waiting_for: str


class Verdict(NamedTuple):
    """Ready or not, and why not."""

    ready: bool
    reason: str = ""


READY = Verdict(ready=True)
STARTING = Verdict(ready=False, reason="serving is starting")
STOPPING = Verdict(ready=False, reason="serving is stopping")


class Readiness:
    """Judges one status after another and remembers the lineage that has caught up."""

    def __init__(self) -> None:
        self._filled: str | None = None

    def judge(self, status: StoreStatus) -> Verdict:
        """The verdict at this status."""
        if not status.answers:
            return Verdict(ready=False, reason=status.waiting_for)
        if status.caught_up:
            self._filled = status.lineage
        if status.lineage is not None and status.lineage == self._filled:
            return READY
        return Verdict(ready=False, reason=f"serving waits for {status.waiting_for}")
