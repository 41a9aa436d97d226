"""How long to wait between attempts: longer each time, bounded, and jittered so that a fleet does not retry in step."""

import random
from collections.abc import Callable
from typing import NamedTuple


class Backoff(NamedTuple):
    """Waits of `first`, 2 x `first`, 4 x `first` ... seconds, at most `longest`, each between half and all of that."""

    first: float = 0.1
    longest: float = 5.0

    def delay(self, attempt: int, uniform: Callable[[], float] = random.random) -> float:
        """Seconds to wait after the given attempt (0 = the first one). uniform returns a number in [0, 1)."""
        whole = min(self.longest, self.first * 2.0 ** min(attempt, 32))
        return whole * (0.5 + 0.5 * uniform())
