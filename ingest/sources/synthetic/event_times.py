"""When things happen in a made-up network: by chance, at a pace that may rise in bursts. Pure."""

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

_LOOK_SECONDS = 1.0
"""How soon a change of the rate is noticed."""


class EventRate(NamedTuple):
    """Events per second on average, above 0; times the factor during the first burst_seconds of every burst_period."""

    rate: float
    burst_factor: float = 1.0
    burst_seconds: float = 0.0
    burst_period: float = 60.0

    def rate_at(self, elapsed: float) -> float:
        """Events per second so many seconds after the beginning."""
        in_burst = elapsed % self.burst_period < self.burst_seconds
        return self.rate * self.burst_factor if in_burst else self.rate


def event_times(start: float, rate_at: Callable[[float], float], rng: random.Random) -> Iterator[float]:
    """Moments after start, without end. rate_at: events per second on average, so many seconds after it."""
    at = start
    while True:
        while (wait := rng.expovariate(rate_at(at - start))) > _LOOK_SECONDS:
            at += _LOOK_SECONDS  # whoever has waited in vain waits as if anew: nothing is known of the past
        at += wait
        yield at
