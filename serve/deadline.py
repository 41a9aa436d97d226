"""The deadline of a request: made where the call comes in, passed down to every read. Pure."""

from typing import NamedTuple

_RESERVE_SECONDS = 0.025
"""Kept back from the caller's deadline, so that a partial answer still arrives in time."""


class Deadline(NamedTuple):
    """Time by which a request must be answered, in monotonic seconds; None for no limit."""

    expires_at: float | None

    def remaining(self, now: float) -> float | None:
        """Seconds that are left, never below 0; None when there is no limit."""
        return None if self.expires_at is None else max(0.0, self.expires_at - now)

    def has_expired(self, now: float) -> bool:
        """Whether no time is left."""
        return self.expires_at is not None and now >= self.expires_at


NO_DEADLINE = Deadline(None)


def deadline_of_call(now: float, request_timeout: float | None, caller_remaining: float | None) -> Deadline:
    """The earlier of our own timeout and the caller's deadline, which is cut by a reserve of a quarter at most.

    Both in seconds from now; None = no limit.
    """
    limits = [] if request_timeout is None else [request_timeout]
    if caller_remaining is not None:
        limits.append(caller_remaining - min(_RESERVE_SECONDS, caller_remaining / 4))
    return Deadline(now + min(limits)) if limits else NO_DEADLINE
