"""Decides whether this process is ready for requests. Pure.

Ready means: Redis answers, ingest has caught up, and our clock is Redis's. The second is required once per lineage of
the store: later lag is a metric, and no reason to take every server out of service at once.
"""

from typing import NamedTuple


class StoreStatus(NamedTuple):
    """Status of the store.

    answers: Redis answered. lineage: identity of its data, None when nothing was ever stored; a change means that the
    data was replaced. caught_up: ingest has caught up with this store. waiting_for: what is missing, or why Redis does
    not answer, in words; empty when caught up. wrong_clock: how this machine's clock differs from Redis's by more than
    is allowed, else empty: the cut at the retention would be wrong.
    """

    answers: bool
    lineage: str | None
    caught_up: bool
    waiting_for: str
    wrong_clock: str = ""


class Verdict(NamedTuple):
    """Ready or not, with the reason."""

    ready: bool
    reason: str = ""


READY = Verdict(ready=True)
STARTING = Verdict(ready=False, reason="serving is starting")
STOPPING = Verdict(ready=False, reason="serving is stopping")


class Readiness:
    """Decides on readiness from successive statuses; remembers the lineage that has caught up."""

    def __init__(self) -> None:
        self._caught_up: str | None = None

    @property
    def is_first(self) -> bool:
        """Whether no lineage has caught up yet."""
        return self._caught_up is None

    def has_caught_up(self, lineage: str | None) -> bool:
        """Whether this is the lineage that has caught up."""
        return lineage is not None and lineage == self._caught_up

    def evaluate(self, status: StoreStatus) -> Verdict:
        """The verdict on this status."""
        if not status.answers:
            return Verdict(ready=False, reason=status.waiting_for)
        if status.caught_up:
            self._caught_up = status.lineage
        if status.wrong_clock:
            return Verdict(ready=False, reason=status.wrong_clock)
        if self.has_caught_up(status.lineage):
            return READY
        return Verdict(ready=False, reason=f"serving waits for {status.waiting_for}")
