"""Schedules the work of requests on the event loop: one step at a time, and new calls are accepted in between.

gRPC hands calls to an event loop one by one, a few iterations of the loop for each. When every iteration works for
several requests, calls queue up inside gRPC, where no handler's semaphore sees them and nothing can be rejected. So the
work of a request, from one await to the next, waits here until it is scheduled, and every few milliseconds the loop
yields to accept the calls that have arrived. Then the queue is here: callers are served in fair order, and the
longest wait is the delay.

Redis serves commands in the order in which they were sent, for all callers alike. So few requests are in flight to it
at a time, and the others wait here.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from itertools import count
from typing import Any, Generic, NamedTuple, TypeVar

from serve.overload.fair_queue import FairQueue

_WORK_SECONDS = 0.005
_LONGEST_YIELD_SECONDS = 0.005
_LONGEST_YIELD_SECONDS_SHEDDING = 0.03

_QUIET_ITERATIONS = 12
_QUIET_ITERATIONS_SHEDDING = 25
"""Iterations without a new call after which a yield ends: gRPC needs some to hand over one, more under load."""


class YieldPolicy:
    """Yields after some work, until no more calls arrive or a time limit is reached. Pure; monotonic seconds."""

    def __init__(self) -> None:
        self._due_at = 0.0
        self._ends_at: float | None = None
        self._arrivals = 0
        self._quiet_iterations = 0

    def did_idle(self, now: float) -> None:
        """Note that the loop was idle for a while, so it has accepted every call."""
        self._due_at = now + _WORK_SECONDS

    def is_due(self, now: float) -> bool:
        """Whether the loop must yield before more work."""
        return now >= self._due_at

    def should_yield(self, now: float, arrivals: int, *, is_shedding: bool) -> bool:
        """Whether to yield for one more iteration, asked in each between two steps. arrivals: calls so far."""
        if self._ends_at is None:
            if not self.is_due(now):
                return False
            self._ends_at = now + (_LONGEST_YIELD_SECONDS_SHEDDING if is_shedding else _LONGEST_YIELD_SECONDS)
            self._quiet_iterations = 0
        elif arrivals == self._arrivals:
            self._quiet_iterations += 1
        else:
            self._quiet_iterations = 0
        self._arrivals = arrivals
        most_quiet = _QUIET_ITERATIONS_SHEDDING if is_shedding else _QUIET_ITERATIONS
        if self._quiet_iterations < most_quiet and now < self._ends_at:
            return True
        self._ends_at = None
        self._due_at = now + _WORK_SECONDS
        return False


T = TypeVar("T")

_IDLE_SECONDS = 0.001
"""After this time without work the loop has accepted every call."""


_START_SECONDS = 0.005
_SAMPLES = 16
"""The mean time from the start of one request to that of the next: a first guess, and over how many it is taken."""


MOST_IN_FLIGHT = 8
"""Requests that wait for Redis before others must wait here: enough to keep Redis and the processor busy."""

IN_FLIGHT_SECONDS = 0.02
"""Time for which a wait for Redis counts: a longer one is for a node that is slow or silent, not for our commands."""


class _Waiting(NamedTuple):
    scheduled: asyncio.Future[None]
    since: float
    has_started: bool


class RequestScheduler:
    """For one event loop. Callers have equal shares of the time while they wait for each other."""

    def __init__(self) -> None:
        self._queue: FairQueue[_Waiting] = FairQueue()
        self._is_busy = False
        self._idle_since = time.monotonic()
        self._policy = YieldPolicy()
        self._start_seconds = _START_SECONDS
        self._started_at: float | None = None  # of the last request that waited for it, since the lane was idle
        self._arrivals = 0
        self._is_shedding = False
        self._in_flight: dict[int, float] = {}  # waits for Redis, by their numbers: since when, the oldest first
        self._waits = count()
        self._retry: asyncio.TimerHandle | None = None  # while as many requests are in flight as may be

    def call_arrived(self) -> None:
        """Note that a call was accepted from gRPC, whether it is admitted or not."""
        self._arrivals += 1

    def call_rejected(self) -> None:
        """Note that the call that arrived was not admitted."""
        self._is_shedding = True

    def queueing_delay(self) -> float:
        """Seconds that the oldest request that has not started has waited; 0 when none waits."""
        since = min((request.since for request in self._queue.oldest_new()), default=None)
        return 0.0 if since is None else time.monotonic() - since

    def expected_delay(self, caller: str) -> float:
        """Seconds that a new request of this caller will wait, by the requests before it and how fast they start."""
        return self._queue.ahead_of_new(caller) * self._start_seconds

    def acquire(self, caller: str, *, has_started: bool) -> Generator[Any, None, None]:
        """Wait until the next step may run, which release() ends. When this raises, nothing was acquired."""
        now = time.monotonic()
        if not self._is_busy and not self._queue and self._has_room(now):
            self._become_busy(now)
            if not self._policy.is_due(now):
                return
            asyncio.get_running_loop().call_soon(self._schedule_next)
        waiting = _Waiting(asyncio.get_running_loop().create_future(), now, has_started)
        self._queue.push(caller, waiting, has_started=has_started)
        if not self._is_busy:
            self._go_on()
        try:
            yield from waiting.scheduled
        except BaseException:
            if waiting.scheduled.done() and not waiting.scheduled.cancelled():
                self.release(caller, 0.0)
            else:
                self._queue.discard(caller, waiting)
            raise

    def release(self, caller: str, seconds: float) -> None:
        """Let the next step run. seconds: duration of the one that ends."""
        if self._queue:
            self._queue.charge(caller, seconds)
            self._schedule_next()
        else:
            self._become_idle(time.monotonic())

    def begin_wait(self) -> int:
        """Note that the step that runs ends with a wait for Redis, until end_wait() is called with this number."""
        number = next(self._waits)
        self._in_flight[number] = time.monotonic()
        return number

    def end_wait(self, number: int) -> None:
        """Note that a wait for Redis is over."""
        self._in_flight.pop(number, None)

    def _has_room(self, now: float) -> bool:
        """Whether so few requests are in flight that a further step may run."""
        while len(self._in_flight) >= MOST_IN_FLIGHT:
            number, since = next(iter(self._in_flight.items()))
            if now - since < IN_FLIGHT_SECONDS:
                return False
            del self._in_flight[number]
        return True

    def _become_busy(self, now: float) -> None:
        self._is_busy = True
        if now - self._idle_since > _IDLE_SECONDS:
            self._policy.did_idle(now)

    def _go_on(self) -> None:
        """Schedule what waits, unless that is being done; without room, once the oldest wait for Redis is too long."""
        now = time.monotonic()
        if self._retry:
            self._retry.cancel()
            self._retry = None
        if self._is_busy or not self._queue:
            return
        if self._has_room(now):
            self._become_busy(now)
            self._schedule_next()
        else:
            seconds = next(iter(self._in_flight.values())) + IN_FLIGHT_SECONDS - now
            self._retry = asyncio.get_running_loop().call_later(seconds, self._go_on)

    def _schedule_next(self) -> None:
        now = time.monotonic()
        if self._policy.should_yield(now, self._arrivals, is_shedding=self._is_shedding):
            asyncio.get_running_loop().call_soon(self._schedule_next)
            return
        while self._queue and self._has_room(now):
            waiting = self._queue.pop()
            if not waiting.scheduled.done():
                waiting.scheduled.set_result(None)
                if not waiting.has_started:
                    self._note_start(now)
                return
        self._become_idle(now)

    def _note_start(self, now: float) -> None:
        if self._started_at is not None:
            self._start_seconds += (now - self._started_at - self._start_seconds) / _SAMPLES
        self._started_at = now

    def _become_idle(self, now: float) -> None:
        self._is_busy = False
        self._idle_since = now
        if self._queue:
            self._go_on()
        else:
            self._is_shedding = False
            self._started_at = None
            self._queue.forget()


class Scheduled(Generic[T]):
    """Runs a coroutine when awaited, each of its steps when the scheduler lets it. caller: who it works for."""

    def __init__(self, work: Coroutine[Any, Any, T], scheduler: RequestScheduler, caller: str) -> None:
        self._work = work
        self._scheduler = scheduler
        self._caller = caller

    def __await__(self) -> Generator[Any, Any, T]:
        """Drive the coroutine as its task would."""
        try:
            return (yield from self._drive())
        finally:
            self._work.close()

    def _drive(self) -> Generator[Any, Any, T]:
        resume: Callable[[], Any] = partial(self._work.send, None)
        has_started = False
        while True:
            has_acquired = True
            try:
                yield from self._scheduler.acquire(self._caller, has_started=has_started)
            except (Exception, asyncio.CancelledError) as thrown:  # noqa: BLE001 - all goes to the work
                # Cancelled while it waited: the work must see the exception, but must not wait once more.
                resume, has_acquired = partial(self._work.throw, thrown), False
            began = time.monotonic()
            try:
                awaited = resume()
                number = self._scheduler.begin_wait()
            except StopIteration as finished:
                return finished.value
            finally:
                del resume  # it may hold the exception that is on its way through this frame: a reference cycle
                if has_acquired:
                    self._scheduler.release(self._caller, time.monotonic() - began)
            resume, has_started = partial(self._work.send, None), True
            try:
                yield awaited
            except (Exception, asyncio.CancelledError) as thrown:  # noqa: BLE001
                resume = partial(self._work.throw, thrown)
            finally:
                self._scheduler.end_wait(number)
