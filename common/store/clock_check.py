"""Compares this machine's clock with those of Redis's nodes. compare_clocks() decides and is pure.

Rules compare times of posts with the clock: a wrong one drops new posts, shows old ones or removes what should stay.
The reference is the median of the nodes, so that one node with a wrong clock stops nothing; of two that differ, the
machine may agree with either. The times come from INFO, which every user of the store may call already.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple, cast

import redis

from common.errors import ClockDisagrees, StoreUnavailable
from common.store.client import redis_errors_as_unavailable
from common.timing import Clock

_LEAST_TOLERANCE_SECONDS = 1


class ClockSample(NamedTuple):
    """Time of a node, and our clock (whole seconds) before and after it was asked. All in Unix seconds."""

    before: int
    node: float
    after: int

    @property
    def lead(self) -> float:
        """Seconds that our clock is ahead at least, below 0 behind; 0 when the readings prove no difference."""
        return max(self.before - self.node, 0.0) + min(self.after + 1 - self.node, 0.0)


class ClockComparison(NamedTuple):
    """lead: seconds that our clock is ahead of the nodes' median, below 0 behind. spread: between the nodes."""

    lead: float
    spread: float


def compare_clocks(samples: Sequence[ClockSample]) -> ClockComparison:
    """Compare with a sample of each node. Without samples nothing disagrees."""
    leads = sorted(sample.lead for sample in samples) or [0.0]
    middles = leads[(len(leads) - 1) // 2], leads[len(leads) // 2]
    return ClockComparison(min(middles, key=abs), leads[-1] - leads[0])


NodeClock = Callable[[], float | None]
"""Returns a node's time in Unix seconds, None when it does not show it. Blocks. StoreUnavailable."""


class _Anchor(NamedTuple):
    clock: int
    monotonic: float
    comparison: ClockComparison


class ClockCheck:
    """Remembers the last comparison. compare() is for one thread, everything else for any, and does not block.

    Between comparisons the monotonic clock shows whether ours was set.
    """

    def __init__(self, clock: Clock, skew_seconds: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Allow a difference of skew_seconds, of a second at least: clocks are read in whole seconds."""
        self.tolerance = max(skew_seconds, _LEAST_TOLERANCE_SECONDS)
        self._clock = clock
        self._monotonic = monotonic
        self._anchor: _Anchor | None = None

    def compare(self, node_clocks: Iterable[NodeClock]) -> None:
        """Compare with the clocks that answer; then raise StoreUnavailable when one of them did not. Blocks."""
        clock, monotonic = self._clock(), self._monotonic()
        samples: list[ClockSample] = []
        failure: StoreUnavailable | None = None
        for node_clock in node_clocks:
            try:
                sample = self._sample(node_clock)
            except StoreUnavailable as error:
                failure = error
            else:
                samples += [sample] if sample else []
        if samples or failure is None:
            self._anchor = _Anchor(clock, monotonic, compare_clocks(samples))
        if failure:
            raise failure

    @property
    def lead(self) -> float:
        """Seconds that our clock is ahead of Redis's now, below 0 behind; 0 before the first comparison."""
        if (anchor := self._anchor) is None:
            return 0.0
        drift = self._clock() - anchor.clock - (self._monotonic() - anchor.monotonic)
        return anchor.comparison.lead + max(drift - 1, 0.0) + min(drift + 1, 0.0)

    @property
    def spread(self) -> float:
        """Seconds between the slowest and the fastest clock of Redis's nodes."""
        return self._anchor.comparison.spread if self._anchor else 0.0

    def disagreement(self) -> str | None:
        """Disagreement of our clock beyond what is allowed; None without one. The same words while it lasts."""
        if self._anchor is None:
            return "the clock has not been compared with Redis's yet"
        lead = self.lead
        if abs(lead) <= self.tolerance:
            return None
        return f"this machine's clock is more than {self.tolerance} s {'ahead of' if lead > 0 else 'behind'} Redis's"

    def check(self) -> None:
        """Raise ClockDisagrees while our clock differs by more than is allowed."""
        if reason := self.disagreement():
            raise ClockDisagrees(reason)

    def earliest_now(self) -> int:
        """The current time by our clock or by Redis's, whichever is behind, in Unix seconds."""
        return int(self._clock() - max(self.lead, 0.0))

    def _sample(self, node_clock: NodeClock) -> ClockSample | None:
        before = self._clock()
        told = node_clock()
        return None if told is None else ClockSample(before, told, self._clock())


def node_clocks(nodes: Iterable[redis.Redis]) -> list[NodeClock]:
    """The clocks of these nodes."""
    return [partial(_node_time, node) for node in nodes]


def _node_time(node: redis.Redis) -> float | None:
    with redis_errors_as_unavailable():
        facts = cast("dict[str, object]", node.info("server"))  # TIME needs a right that a user may lack
    microseconds = facts.get("server_time_usec")
    return microseconds / 1_000_000 if isinstance(microseconds, int) else None
