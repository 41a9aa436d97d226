"""When the event loop gets a pause from work, to take the calls that have come. Pure; times in monotonic seconds."""

_WORK_SECONDS = 0.005
_LONGEST_PAUSE_SECONDS = 0.005

_QUIET_TURNS = 12
_QUIET_TURNS_SHEDDING = 50
"""Turns of the loop without a new call after which a pause ends: gRPC needs some to hand over one, more under load."""


class Pauses:
    """A pause is due after some work. It ends when no more calls come, or when it has taken too long."""

    def __init__(self) -> None:
        self._due_at = 0.0
        self._ends_at: float | None = None
        self._arrivals = 0
        self._quiet_turns = 0

    def had_rest(self, now: float) -> None:
        """The loop had nothing to do for a while: it has taken every call."""
        self._due_at = now + _WORK_SECONDS

    def is_due(self, now: float) -> bool:
        """Whether the loop needs a pause before work goes on."""
        return now >= self._due_at

    def goes_on(self, now: float, arrivals: int, *, is_shedding: bool) -> bool:
        """Asked in every turn of the loop between two pieces of work. arrivals counts the calls so far."""
        if self._ends_at is None:
            if not self.is_due(now):
                return False
            self._ends_at = now + _LONGEST_PAUSE_SECONDS
            self._quiet_turns = 0
        elif arrivals == self._arrivals:
            self._quiet_turns += 1
        else:
            self._quiet_turns = 0
        self._arrivals = arrivals
        patience = _QUIET_TURNS_SHEDDING if is_shedding else _QUIET_TURNS
        if self._quiet_turns < patience and now < self._ends_at:
            return True
        self._ends_at = None
        self._due_at = now + _WORK_SECONDS
        return False
