"""Whether this process may be sent requests. Pure.

Ready means: Redis answers, and ingest has caught up with the store that it holds. The second is asked once per lineage
of the store: later lag is a metric, and no reason to take every server out of service at once.
"""

from typing import NamedTuple, Protocol


class StoreStatus(Protocol):
    """What was seen of the store a moment ago."""

    @property
    def answers(self) -> bool:
        """Redis answered."""
        ...

    @property
    def lineage(self) -> str | None:
        """Which store it is: another lineage means that the data began anew. None: nothing was ever stored."""
        ...

    @property
    def caught_up(self) -> bool:
        """Ingest has caught up with this store."""
        ...

    @property
    def waiting_for(self) -> str:
        """What is missing, or why Redis does not answer, in words; empty when caught up."""
        ...


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
