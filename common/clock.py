"""The one place from which ingest and serve take the time, so that tests can set it."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Returns the current time in whole Unix seconds."""


def system_clock() -> int:
    """The machine's clock, in whole Unix seconds."""
    return int(time.time())


ExactClock = Callable[[], float]
"""Returns the current time in Unix seconds and fractions of them, for what is measured and decides nothing."""


def exact_clock() -> float:
    """The machine's clock, as exact as it goes."""
    return time.time()
