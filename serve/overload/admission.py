"""Admits or rejects a request at once, without a queue. Pure; times are monotonic seconds.

What is bounded is the cost of the admitted requests, not their number: a request for 5,000 authors counts as five.
Each caller has a fair share of what there is while the server is overloaded, and only then.
"""

from collections import Counter
from itertools import cycle
from math import ceil
from typing import NamedTuple

AT_CAPACITY = "Server at capacity, please retry"
OVER_RATE = "QPS rate limit exceeded, please retry"

_CAPACITY_PUSHBACKS_MS = (50, 120, 80, 150, 60, 130, 90, 140, 70, 110)
"""Used in rotation, so that callers rejected together do not retry together."""

ENTRIES_PER_UNIT = 4000
"""Entries of lists that a request of cost 1 reads at most: 200 authors for 1,200 posts are 2,400, 5,000 are 20,000."""

_PAYLOAD_BYTES_PER_UNIT = 10_000
_MOST_ESTIMATED_UNITS = 5.0
"""A payload may be long for its excluded ids, which cost little."""

SHARED_FROM = 0.5
"""Part of the capacity from which on callers are limited to their fair share of it, when there are several."""

ALWAYS_CONCURRENT = 16
"""Requests that run together however long the queueing delay is: shedding below that would only idle the server."""


class Rejection(NamedTuple):
    """Reason of a rejection, in words for the caller, and the wait before a retry."""

    message: str
    retry_after_ms: int


class Rejected(Exception):
    """An admitted request turned out to cost more than what is left of the capacity."""

    def __init__(self, rejection: Rejection) -> None:
        super().__init__(rejection.message)
        self.rejection = rejection


class Cost(NamedTuple):
    """Cost of a request: 1 unit for an ordinary one, and the bytes that it reads from Redis first."""

    units: float = 1.0
    bytes: int = 0


def cost_of_read(entries: int, wire_bytes: int) -> Cost:
    """Cost of a request by the number of list entries that it first reads, all authors together."""
    return Cost(max(1.0, entries / ENTRIES_PER_UNIT), wire_bytes)


def estimated_cost(payload_bytes: int) -> Cost:
    """Cost of a request that is not decoded yet."""
    return Cost(min(_MOST_ESTIMATED_UNITS, max(1.0, payload_bytes / _PAYLOAD_BYTES_PER_UNIT)))


class Ticket:
    """An admitted request. caller: identity or connection that it came from."""

    __slots__ = ("caller", "cost")

    def __init__(self, caller: str, cost: Cost) -> None:
        self.caller = caller
        self.cost = cost


class TokenBucket:
    """At most `rate` requests per second over time, and one second's worth of them at once."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._burst = max(rate, 1.0)
        self._tokens = self._burst
        self._filled_at: float | None = None

    def take(self, now: float) -> float:
        """Take a token and return 0, or take none and return the seconds until there is one."""
        if self._filled_at is not None:
            self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._tokens < 1.0:
            return (1.0 - self._tokens) / self._rate
        self._tokens -= 1.0
        return 0.0


class Capacity(NamedTuple):
    """Most units and bytes of the admitted requests, and the queueing delay above which requests are shed."""

    units: float
    bytes: int
    max_delay_seconds: float


class Admission:
    """A semaphore of units and bytes without a queue, shedding while the queueing delay is high, and a rate limit."""

    def __init__(self, capacity: Capacity, rate: TokenBucket | None = None) -> None:
        self._capacity = capacity
        self._rate = rate
        self._pushbacks = cycle(_CAPACITY_PUSHBACKS_MS)
        self._units_of: Counter[str] = Counter()
        self._requests_of: Counter[str] = Counter()
        self.in_flight = 0
        self.units = 0.0
        self.bytes = 0

    def admit(self, caller: str, cost: Cost, now: float, queueing_delay: float) -> Ticket | Rejection:
        """Admit a request, whose ticket release() must end, or return why it is rejected.

        queueing_delay: seconds that the oldest admitted request has waited for the processor.
        """
        is_late = queueing_delay > self._capacity.max_delay_seconds
        if not self._has_room(cost) or not self._is_fair(caller, cost) or (is_late and not self._may_run_late(caller)):
            return self._at_capacity()
        wait = self._rate.take(now) if self._rate else 0.0
        if wait:
            return Rejection(OVER_RATE, ceil(wait * 1000))
        ticket = Ticket(caller, Cost(0.0))
        self.in_flight += 1
        self._requests_of[caller] += 1
        self._set_cost(ticket, cost)
        return ticket

    def reassess(self, ticket: Ticket, cost: Cost) -> Rejection | None:
        """Replace the cost that was estimated by the true one; or return why the request is rejected after all."""
        held = ticket.cost
        self._set_cost(ticket, Cost(0.0))
        has_grown = cost.units > held.units
        if self.in_flight > 1 and not (self._has_room(cost) and (not has_grown or self._is_fair(ticket.caller, cost))):
            self._set_cost(ticket, held)
            return self._at_capacity()
        self._set_cost(ticket, cost)
        return None

    def release(self, ticket: Ticket) -> None:
        """End a request that admit() admitted."""
        self._set_cost(ticket, Cost(0.0))
        self.in_flight -= 1
        self._requests_of[ticket.caller] -= 1
        if not self._requests_of[ticket.caller]:
            del self._requests_of[ticket.caller], self._units_of[ticket.caller]
        if not self.in_flight:
            self.units = 0.0  # sums of fractions drift

    def _at_capacity(self) -> Rejection:
        return Rejection(AT_CAPACITY, next(self._pushbacks))

    def _set_cost(self, ticket: Ticket, cost: Cost) -> None:
        grown = cost.units - ticket.cost.units
        self.units += grown
        self._units_of[ticket.caller] += grown  # pyright: ignore[reportArgumentType] (a float counts as well)
        self.bytes += cost.bytes - ticket.cost.bytes
        ticket.cost = cost

    def _has_room(self, cost: Cost) -> bool:
        """Whether the cost fits into what is left. A request that is alone always fits."""
        if not self.in_flight:
            return True
        return self.units + cost.units <= self._capacity.units and self.bytes + cost.bytes <= self._capacity.bytes

    def _is_fair(self, caller: str, cost: Cost) -> bool:
        """Whether the caller stays within its share of the capacity, which counts once half of that is in use."""
        callers = self._callers_with(caller)
        if callers == 1 or self.units + cost.units <= self._capacity.units * SHARED_FROM:
            return True
        held = self._units_of[caller] if caller in self._requests_of else 0.0
        return not held or held + cost.units <= self._capacity.units / callers

    def _may_run_late(self, caller: str) -> bool:
        """Whether a request may join although requests wait too long: its caller has less in flight than its share."""
        callers = self._callers_with(caller)
        share = max(ALWAYS_CONCURRENT, self.in_flight if callers > 1 else 0) / callers
        return self._requests_of[caller] + 1 <= max(share, 1.0 if self.in_flight < ALWAYS_CONCURRENT else 0.0)

    def _callers_with(self, caller: str) -> int:
        return len(self._requests_of) + (caller not in self._requests_of)
