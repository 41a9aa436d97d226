"""An end for what would otherwise listen for ever."""

import time
from collections.abc import Callable


def in_time(seconds: float = 20.0) -> Callable[[], bool]:
    """Told to stop when the test takes too long, which then hears too little and fails."""
    deadline = time.monotonic() + seconds
    return lambda: time.monotonic() > deadline
