"""Orders waiting steps fairly between callers: start-time fair queueing. Pure; durations in seconds.

Each caller has a clock of the work done for it. The caller whose clock is behind goes first, so one that asks for
little does not wait behind one that asks for much. A caller that was idle starts at the present, less a small credit:
no more is saved up. Clocks are compared in rounds of a quantum: within a round, started requests go before new ones,
and then the earlier first.
"""

from collections import deque
from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import count
from math import floor
from typing import Generic, TypeVar

T = TypeVar("T")

QUANTUM_SECONDS = 0.01
"""More than an ordinary request takes, so that callers of equal weight are served as in one queue."""

CREDIT_SECONDS = QUANTUM_SECONDS
"""Work that a caller may save up by asking for less than its share: it then goes before those who always wait."""

_IDLE_CALLERS = 256
"""Callers that wait for nothing, but whose clocks are kept, before those that are not ahead are dropped."""


class _Caller(Generic[T]):
    """Waiting steps of a caller, each with its number in the order of arrival."""

    __slots__ = ("clock", "key", "new", "started")

    def __init__(self, clock: float) -> None:
        self.clock = clock
        self.key: tuple[int, bool, int] | None = None  # under which it stands in the order; None when nothing waits
        self.started: deque[tuple[int, T]] = deque()
        self.new: deque[tuple[int, T]] = deque()

    def next_key(self) -> tuple[int, bool, int] | None:
        queue = self.started or self.new
        return (round_of(self.clock), queue is self.new, queue[0][0]) if queue else None


class FairQueue(Generic[T]):
    """Steps that wait, by caller."""

    def __init__(self) -> None:
        self._callers: dict[str, _Caller[T]] = {}
        self._order: list[tuple[tuple[int, bool, int], str]] = []  # a heap; entries of other keys are outdated
        self._numbers = count()
        self._present = 0.0  # the clock of the round that is served
        self._waiting = 0
        self._most_callers = _IDLE_CALLERS

    def __len__(self) -> int:
        return self._waiting

    def push(self, caller: str, step: T, *, has_started: bool) -> None:
        """Add a step of a request that has started, or has not."""
        waits = self._callers.get(caller)
        if waits is None:
            waits = self._callers[caller] = _Caller(self._present - CREDIT_SECONDS)
        elif waits.key is None:
            waits.clock = max(waits.clock, self._present - CREDIT_SECONDS)
        (waits.started if has_started else waits.new).append((next(self._numbers), step))
        self._waiting += 1
        self._place(caller, waits)

    def pop(self) -> T:
        """Remove the step that is next. IndexError when none waits."""
        while True:
            key, caller = heappop(self._order)
            waits = self._callers.get(caller)
            if waits is not None and waits.key == key:
                break
        self._present = max(self._present, key[0] * QUANTUM_SECONDS)
        _, step = (waits.started or waits.new).popleft()
        self._waiting -= 1
        self._place(caller, waits)
        return step

    def discard(self, caller: str, step: T) -> None:
        """Remove a step that is not wanted any more, if it waits."""
        waits = self._callers.get(caller)
        for queue in (waits.started, waits.new) if waits else ():
            for entry in queue:
                if entry[1] is step:
                    queue.remove(entry)
                    self._waiting -= 1
                    self._place(caller, waits)  # pyright: ignore[reportArgumentType]
                    return

    def charge(self, caller: str, seconds: float) -> None:
        """Advance the clock of a caller by the time that a step of its took."""
        waits = self._callers.get(caller)
        if waits is None:
            waits = self._callers[caller] = _Caller(self._present - CREDIT_SECONDS)
        waits.clock += seconds
        if waits.key is not None:
            self._place(caller, waits)
        elif len(self._callers) > self._most_callers:
            self._forget_idle()

    def forget(self) -> None:
        """Forget what was done for whom: nothing waits, so no caller was kept waiting for it."""
        self._callers.clear()
        self._order.clear()
        self._present = 0.0

    def ahead_of_new(self, caller: str) -> int:
        """Number of new steps that go before one that this caller would add now, if all cost the same."""
        waits = self._callers.get(caller)
        own = len(waits.new) if waits else 0
        others = (other.new for other in self._callers.values() if other is not waits)
        return own + sum(min(len(new), own + 1) for new in others)

    def oldest_new(self) -> Iterator[T]:
        """The oldest new step of each caller."""
        return (other.new[0][1] for other in self._callers.values() if other.new)

    def _place(self, caller: str, waits: _Caller[T]) -> None:
        key = waits.next_key()
        if key != waits.key:
            waits.key = key
            if key is not None:
                heappush(self._order, (key, caller))

    def _forget_idle(self) -> None:
        start = self._present - CREDIT_SECONDS
        idle = [name for name, waits in self._callers.items() if waits.key is None and waits.clock <= start]
        for name in idle:
            del self._callers[name]
        self._most_callers = max(_IDLE_CALLERS, 2 * len(self._callers))


def round_of(clock: float) -> int:
    """Number of the round in which a caller with this clock is served."""
    return floor(clock / QUANTUM_SECONDS)
