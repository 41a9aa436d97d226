"""The order in which requests get the processor: one step at a time, and new calls are taken in between.

gRPC hands calls to an event loop one by one, a few turns of the loop for each. When every turn works for several
requests, calls queue up inside gRPC, where no semaphore of a handler sees them and nothing can be refused. So the work
of a request, from one await to the next, waits here for its turn, and every few milliseconds the loop gets a pause to
take the calls that have come. Then the queue stands here, and how long its head has waited says how far behind we are.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

_WORK_SECONDS = 0.005
_LONGEST_PAUSE_SECONDS = 0.005

_QUIET_TURNS = 12
_QUIET_TURNS_SHEDDING = 50
"""Turns of the loop without a new call after which a pause ends: gRPC needs some to hand over one, more under load."""


class YieldPolicy:
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


T = TypeVar("T")

_REST_SECONDS = 0.001
"""After so long without work the loop has taken every call."""


class _Waiting(NamedTuple):
    turn: asyncio.Future[None]
    since: float


class RequestScheduler:
    """For one event loop. Requests that have begun go before those that have not."""

    def __init__(self) -> None:
        self._begun: deque[_Waiting] = deque()
        self._new: deque[_Waiting] = deque()
        self._is_taken = False
        self._free_since = time.monotonic()
        self._pauses = YieldPolicy()
        self._arrivals = 0
        self._is_shedding = False

    def arrived(self) -> None:
        """A call was taken from gRPC, be it admitted or not."""
        self._arrivals += 1

    def refused(self) -> None:
        """The call that arrived was not admitted."""
        self._is_shedding = True

    def delay(self) -> float:
        """Seconds that the next request to begin has waited so far; 0 when none waits."""
        return time.monotonic() - self._new[0].since if self._new else 0.0

    def enter(self, *, has_begun: bool) -> Generator[Any, None, None]:
        """Wait for a turn, which ends with leave(). No turn was had when this raises."""
        now = time.monotonic()
        if not self._is_taken:
            self._is_taken = True
            if now - self._free_since > _REST_SECONDS:
                self._pauses.had_rest(now)
            if not self._pauses.is_due(now):
                return
            asyncio.get_running_loop().call_soon(self._pass_on)
        waiting = _Waiting(asyncio.get_running_loop().create_future(), now)
        (self._begun if has_begun else self._new).append(waiting)
        try:
            yield from waiting.turn
        except BaseException:
            if waiting.turn.done() and not waiting.turn.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Give the turn to the next."""
        if self._begun or self._new:
            self._pass_on()
        else:
            self._free()

    def _pass_on(self) -> None:
        if self._pauses.goes_on(time.monotonic(), self._arrivals, is_shedding=self._is_shedding):
            asyncio.get_running_loop().call_soon(self._pass_on)
            return
        while queue := self._begun or self._new:
            turn = queue.popleft().turn
            if not turn.done():
                turn.set_result(None)
                return
        self._free()

    def _free(self) -> None:
        self._is_taken = self._is_shedding = False
        self._free_since = time.monotonic()


class Scheduled(Generic[T]):
    """Awaiting this runs the work, and each of its steps in a turn of the lane."""

    def __init__(self, work: Coroutine[Any, Any, T], lane: RequestScheduler) -> None:
        self._work = work
        self._lane = lane

    def __await__(self) -> Generator[Any, Any, T]:
        """Drive the work as its task would."""
        try:
            return (yield from self._drive())
        finally:
            self._work.close()

    def _drive(self) -> Generator[Any, Any, T]:
        resume: Callable[[], Any] = partial(self._work.send, None)
        has_begun = False
        while True:
            has_turn = True
            try:
                yield from self._lane.enter(has_begun=has_begun)
            except (Exception, asyncio.CancelledError) as thrown:  # noqa: BLE001 - all goes to the work
                # Cancelled while it waited: the work has to hear of it, but not to wait once more.
                resume, has_turn = partial(self._work.throw, thrown), False
            try:
                awaited = resume()
            except StopIteration as finished:
                return finished.value
            finally:
                if has_turn:
                    self._lane.leave()
            resume, has_begun = partial(self._work.send, None), True
            try:
                yield awaited
            except (Exception, asyncio.CancelledError) as thrown:  # noqa: BLE001
                resume = partial(self._work.throw, thrown)
