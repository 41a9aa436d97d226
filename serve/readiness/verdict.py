"""Decides whether this process is ready for requests. Pure.

Ready means: Redis answers, ingest has caught up, and our clock is Redis's. The second is required once per lineage of
the store: later lag is a metric, and no reason to take every server out of service at once.
"""

from typing import NamedTuple


class LeftOut(NamedTuple):
    """Buckets of the store whose posts or follow lists are not served, because Redis may lack some of them.

    reasons: what is wrong with which node, in words; empty when nothing is left out.
    """

    posts: int = 0
    follows: int = 0
    buckets: int = 0
    reasons: str = ""

    @property
    def exists(self) -> bool:
        """Whether anything is left out."""
        return self.posts > 0 or self.follows > 0

    def __str__(self) -> str:
        """Describes what is left out and why, as part of a sentence."""
        return (
            f"posts of {self.posts} and follow lists of {self.follows} buckets out of {self.buckets} are left out: "
            f"{self.reasons}"
        )


NOTHING_LEFT_OUT = LeftOut()


class StoreStatus(NamedTuple):
    """Status of the store.

    answers: Redis answered. lineage: identity of its data, None when nothing was ever stored; a change means that the
    data was replaced. caught_up: ingest has caught up with this store. waiting_for: what is missing, or why Redis does
    not answer, in words; empty when caught up. wrong_clock: how this machine's clock differs from Redis's by more than
    is allowed, else empty: the cut at the retention would be wrong. left_out: what is not served meanwhile.
    """

    answers: bool
    lineage: str | None
    caught_up: bool
    waiting_for: str
    wrong_clock: str = ""
    left_out: LeftOut = NOTHING_LEFT_OUT


class Verdict(NamedTuple):
    """Ready or not, with the reason; and what is left out of answers either way."""

    ready: bool
    reason: str = ""
    left_out: LeftOut = NOTHING_LEFT_OUT


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
        if status.answers and status.caught_up:
            self._caught_up = status.lineage
        reason = self._reason_against(status)
        return Verdict(not reason, reason, status.left_out)

    def _reason_against(self, status: StoreStatus) -> str:
        if not status.answers:
            return status.waiting_for
        if status.wrong_clock:
            return status.wrong_clock
        if self.has_caught_up(status.lineage):
            return ""
        return f"serving waits for {status.waiting_for}"
