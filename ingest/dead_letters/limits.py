"""Limits on malformed messages: beyond them a worker stops, as its topic is not what it expects. Pure."""

from collections import deque
from typing import NamedTuple


class DeadLetterLimits(NamedTuple):
    """Malformed messages allowed: fewer than `consecutive` in a row, at most `share` of the last `window`."""

    consecutive: int
    window: int
    share: float


class _Run(NamedTuple):
    malformed: bool
    length: int


class DeadLetterLimitState:
    """Counts of the messages that a thread has read last, and the limit that they passed."""

    def __init__(self, limits: DeadLetterLimits) -> None:
        self._limits = limits
        self._in_a_row = 0
        self._malformed = 0
        self._total = 0
        self._runs: deque[_Run] = deque()
        self._passed: str | None = None

    def did_read(self, malformed: bool, count: int = 1) -> None:
        """Count messages that were read one after the other."""
        self._in_a_row = self._in_a_row + count if malformed else 0
        self._append(malformed, count)
        self._drop_beyond_window()
        self._passed = self._passed or self._passed_limit()

    @property
    def should_stop(self) -> str | None:
        """The limit that was passed; None while all are kept. One that was passed stays passed."""
        return self._passed

    def _append(self, malformed: bool, count: int) -> None:
        self._total += count
        self._malformed += count if malformed else 0
        if self._runs and self._runs[-1].malformed == malformed:
            count += self._runs.pop().length
        self._runs.append(_Run(malformed, count))

    def _drop_beyond_window(self) -> None:
        while (excess := self._total - self._limits.window) > 0:
            oldest = self._runs.popleft()
            dropped = min(excess, oldest.length)
            self._total -= dropped
            self._malformed -= dropped if oldest.malformed else 0
            if dropped < oldest.length:
                self._runs.appendleft(_Run(oldest.malformed, oldest.length - dropped))

    def _passed_limit(self) -> str | None:
        limits = self._limits
        if self._in_a_row >= limits.consecutive:
            return f"{self._in_a_row} messages in a row are malformed (limit {limits.consecutive})"
        if self._total >= limits.window and self._malformed > limits.share * limits.window:
            return f"{self._malformed} of the last {self._total} messages are malformed (limit {limits.share:.0%})"
        return None
