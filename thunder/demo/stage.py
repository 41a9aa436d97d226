"""Kills one process after another in front of the viewer, starts it again, and tells how the service recovers."""

from collections import Counter
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple, Protocol

SECONDS_BETWEEN_KILLS = 20.0
SECONDS_DOWN = 3.0
"""Time for which a killed process is away: about what a supervisor takes to start it again."""


class Victim(Protocol):
    """A process that can be killed and started again."""

    name: str

    def kill(self) -> None:
        """Ends it at once."""
        ...

    def start(self) -> None:
        """Starts it again. Raises ChildDied."""
        ...


class Answered(StrEnum):
    """Kind of an answer that the viewer got."""

    WHOLE = "whole"
    PARTIAL = "partial"
    NONE = "no answer"


class _Fault(NamedTuple):
    """A process that was killed, and the answers since."""

    victim: Victim
    began: float
    answers: Counter[Answered]
    is_down: bool = True


class FaultStage:
    """One process at a time is away, and the next one not before the service has recovered. Times are in seconds."""

    def __init__(self, victims: Iterator[Victim], tell: Callable[[str], object], now: float) -> None:
        """Kills the victims, the first after SECONDS_BETWEEN_KILLS, and passes lines for people to tell."""
        self._victims = victims
        self._tell = tell
        self._next_kill_at = now + SECONDS_BETWEEN_KILLS
        self._fault: _Fault | None = None

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is to be recovered from."""
        return self._fault is None

    def answered(self, outcome: Answered) -> None:
        """Counts an answer."""
        if self._fault:
            self._fault.answers[outcome] += 1

    def act(self, now: float, has_recovered: Callable[[], bool]) -> None:
        """Does what is due. has_recovered: whether the latest answer was whole and all is ready; asked when needed."""
        fault = self._fault
        if fault is None:
            if now >= self._next_kill_at:
                self._kill(next(self._victims), now)
        elif fault.is_down:
            if now >= fault.began + SECONDS_DOWN:
                self._fault = fault._replace(is_down=False)
                fault.victim.start()
                self._tell(f"Started {fault.victim.name} again")
        elif has_recovered():
            self._end(fault, now)

    def _kill(self, victim: Victim, now: float) -> None:
        victim.kill()
        self._tell(f"Killed {victim.name} (SIGKILL)")
        self._fault = _Fault(victim, now, Counter())

    def _end(self, fault: _Fault, now: float) -> None:
        answers = ", ".join(f"{fault.answers[outcome]} {outcome}" for outcome in Answered)
        self._tell(f"Recovered {now - fault.began:.1f} s after {fault.victim.name} was killed; answers: {answers}")
        self._fault = None
        self._next_kill_at = max(fault.began + SECONDS_BETWEEN_KILLS, now)
