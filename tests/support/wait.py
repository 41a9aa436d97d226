"""Waiting on a predicate, never for a duration."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(predicate: Callable[[], T | None], description: str, timeout: float = 30.0, interval: float = 0.02) -> T:
    """Return the first truthy value of predicate; after timeout seconds fail with description and last value."""
    deadline = time.monotonic() + timeout
    while not (value := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s: {description} (last value: {value!r})")
        time.sleep(interval)
    return value


def in_time(seconds: float = 20.0) -> Callable[[], bool]:
    """Stops when the test takes too long, which then receives too little and fails."""
    deadline = time.monotonic() + seconds
    return lambda: time.monotonic() > deadline
