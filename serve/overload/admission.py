"""Admits or rejects a request at once, without a queue. Pure; times are monotonic seconds.

What is bounded is the cost of the admitted requests, not their number: a request for 5,000 authors counts as five.
Each caller has a fair share of what there is while the server is overloaded, and only then.
"""

from collections import Counter, OrderedDict
from itertools import cycle
from math import ceil
from typing import NamedTuple

from serve.rejection import AT_CAPACITY, OVER_RATE, Rejection, RejectionReason

_CAPACITY_PUSHBACKS_MS = (50, 120, 80, 150, 60, 130, 90, 140, 70, 110)
"""Used in rotation, so that callers rejected together do not retry together."""

ENTRIES_PER_UNIT = 4000
"""Entries of lists that a request of cost 1 reads at most: 200 authors for 1,200 posts are 2,400, 5,000 are 20,000."""

_PAYLOAD_BYTES_PER_UNIT = 10_000
_MOST_ESTIMATED_UNITS = 5.0
"""A payload may be long for its excluded ids, which cost little."""

SHARED_FROM = 0.5
"""Part of the capacity from which on callers are limited to their fair share of it, when there are several."""

PRESENT_SECONDS = 2.0
"""Time after its last call for which a caller finds its share of the capacity free."""

ALWAYS_CONCURRENT = 16
"""Requests that run together however long the queueing delay is: shedding below that would only idle the server."""


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
    """Most units and bytes of the admitted requests, and the queueing delay above which requests are shed.

    bytes: those of answers that callers have not taken are among them. unread_calls: most calls without a request.
    """

    units: float
    bytes: int
    max_delay_seconds: float
    unread_calls: int = 1000


class Admission:
    """A semaphore of units and bytes without a queue, shedding while the queueing delay is high, and a rate limit."""

    def __init__(self, capacity: Capacity, rate: TokenBucket | None = None) -> None:
        self._capacity = capacity
        self._rate = rate
        self._pushbacks = cycle(_CAPACITY_PUSHBACKS_MS)
        self._units_of: Counter[str] = Counter()
        self._requests_of: Counter[str] = Counter()
        self._unread_of: Counter[str] = Counter()
        self._unsent_of: Counter[str] = Counter()
        self._seen_at: OrderedDict[str, float] = OrderedDict()
        self._unread = 0
        self.unsent = 0
        self.in_flight = 0
        self.units = 0.0
        self.bytes = 0

    def open_call(self, caller: str, now: float, queueing_delay: float) -> Rejection | None:
        """Count a call whose request is not read yet, until close_call(); or return why it is rejected unread."""
        self._see(caller, now)
        if not self._may_open(caller):
            return self._at_capacity(RejectionReason.UNREAD)
        if reason := self._reason_against(caller, Cost(), queueing_delay):
            return self._at_capacity(reason)
        self._unread += 1
        self._unread_of[caller] += 1
        return None

    def close_call(self, caller: str) -> None:
        """End a call that open_call() has counted: its request has been read, or will not come."""
        self._unread -= 1
        _subtract(self._unread_of, caller, 1)

    def admit(self, caller: str, cost: Cost, now: float, queueing_delay: float) -> Ticket | Rejection:
        """Admit a request, whose ticket release() must end, or return why it is rejected.

        queueing_delay: seconds that the request is expected to wait for the processor.
        """
        self._see(caller, now)
        if reason := self._reason_against(caller, cost, queueing_delay):
            return self._at_capacity(reason)
        wait = self._rate.take(now) if self._rate else 0.0
        if wait:
            return Rejection(OVER_RATE, ceil(wait * 1000), RejectionReason.RATE)
        ticket = Ticket(caller, Cost(0.0))
        self.in_flight += 1
        self._requests_of[caller] += 1
        self._set_cost(ticket, cost)
        return ticket

    def reassess(self, ticket: Ticket, cost: Cost) -> Rejection | None:
        """Replace the cost that was estimated by the true one; or return why the request is rejected after all."""
        held = ticket.cost
        self._set_cost(ticket, Cost(0.0))
        reason = None
        if self.in_flight > 1 and not self._has_room(cost):
            reason = RejectionReason.CAPACITY
        elif self.in_flight > 1 and cost.units > held.units and not self._is_fair(ticket.caller, cost):
            reason = RejectionReason.SHARE
        self._set_cost(ticket, held if reason else cost)
        return self._at_capacity(reason) if reason else None

    def release(self, ticket: Ticket) -> None:
        """End a request that admit() admitted."""
        self._set_cost(ticket, Cost(0.0))
        self.in_flight -= 1
        _subtract(self._requests_of, ticket.caller, 1)
        if ticket.caller not in self._requests_of:
            del self._units_of[ticket.caller]
        if not self.in_flight:
            self.units = 0.0  # sums of fractions drift

    def hold_answer(self, caller: str, size: int) -> None:
        """Count the bytes of an answer that the caller has not taken yet, which drop_answer() must end."""
        self.unsent += size
        self._unsent_of[caller] += size

    def drop_answer(self, caller: str, size: int) -> None:
        """End what hold_answer() has counted: the answer was sent, or will not be."""
        self.unsent -= size
        _subtract(self._unsent_of, caller, size)

    def _may_open(self, caller: str) -> bool:
        """Whether a caller may have one more call whose request has not come: fewer than could be added in all."""
        held = self._unread_of.get(caller, 0)
        return not held or held < self._capacity.unread_calls - self._unread

    def _reason_against(self, caller: str, cost: Cost, queueing_delay: float) -> RejectionReason | None:
        if not self._has_room(cost):
            return RejectionReason.CAPACITY
        if not self._takes_answers(caller):
            return RejectionReason.UNTAKEN
        if not self._is_fair(caller, cost):
            return RejectionReason.SHARE
        is_late = queueing_delay > self._capacity.max_delay_seconds
        return RejectionReason.DELAY if is_late and not self._may_run_late(caller) else None

    def _at_capacity(self, reason: RejectionReason) -> Rejection:
        return Rejection(AT_CAPACITY, next(self._pushbacks), reason)

    def _set_cost(self, ticket: Ticket, cost: Cost) -> None:
        grown = cost.units - ticket.cost.units
        self.units += grown
        self._units_of[ticket.caller] += grown  # pyright: ignore[reportArgumentType] (a float counts as well)
        self.bytes += cost.bytes - ticket.cost.bytes
        ticket.cost = cost

    def _has_room(self, cost: Cost) -> bool:
        """Whether the cost fits into what is left. A request that is alone always fits."""
        bytes_ = self.unsent + self.bytes
        if not self.in_flight:
            return bytes_ <= self._capacity.bytes
        return self.units + cost.units <= self._capacity.units and bytes_ + cost.bytes <= self._capacity.bytes

    def _takes_answers(self, caller: str) -> bool:
        """Whether the caller reads what it is sent: it holds fewer bytes of answers than are left for all."""
        held = self._unsent_of.get(caller, 0)
        return held <= self._capacity.bytes - self.unsent

    def _is_fair(self, caller: str, cost: Cost) -> bool:
        """Whether the caller stays within its share of the capacity, which counts once half of that is in use."""
        callers = self._callers_with(caller)
        if callers == 1 or self.units + cost.units <= self._capacity.units * SHARED_FROM:
            return True
        held = self._units_of[caller] if caller in self._requests_of else 0.0
        return not held or held + cost.units <= self._capacity.units / callers

    def _may_run_late(self, caller: str) -> bool:
        """Whether a request may join although it will wait too long: few run, or its caller has less than its share."""
        if self.in_flight < ALWAYS_CONCURRENT:
            return True
        callers = len(self._requests_of) + (caller not in self._requests_of)
        return self._requests_of[caller] + 1 <= self.in_flight / callers  # never of one that is alone

    def _callers_with(self, caller: str) -> int:
        """Number of callers that share: those with requests in flight, this one, and one for those between calls."""
        absent = any(other not in self._requests_of and other != caller for other in self._seen_at)
        return len(self._requests_of) + (caller not in self._requests_of) + absent

    def _see(self, caller: str, now: float) -> None:
        self._seen_at[caller] = now
        self._seen_at.move_to_end(caller)
        while now - next(iter(self._seen_at.values())) > PRESENT_SECONDS:
            self._seen_at.popitem(last=False)


def _subtract(counter: Counter[str], caller: str, number: int) -> None:
    """Subtract, and forget the caller at 0."""
    counter[caller] -= number
    if not counter[caller]:
        del counter[caller]
