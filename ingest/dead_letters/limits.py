"""When a worker must stop because everything it reads is bad: the topic is not what it expects."""

from collections import deque
from typing import NamedTuple

from common.settings.kafka import BAD_MESSAGE_SHARE, BAD_MESSAGE_WINDOW, BAD_MESSAGES_IN_A_ROW


class DeadLetterLimits(NamedTuple):
    """Malformed messages that are borne: fewer than `consecutive` in a row, at most `share` of the last `window`."""

    consecutive: int = BAD_MESSAGES_IN_A_ROW
    window: int = BAD_MESSAGE_WINDOW
    share: float = BAD_MESSAGE_SHARE


class _Run(NamedTuple):
    malformed: bool
    length: int


class DeadLetterLimitState:
    """What a worker has read lately, and whether that passed a limit."""

    def __init__(self, limits: DeadLetterLimits) -> None:
        self._limits = limits
        self._in_a_row = 0
        self._malformed = 0
        self._total = 0
        self._runs: deque[_Run] = deque()
        self._verdict: str | None = None

    def did_read(self, malformed: bool, count: int = 1) -> None:
        """Count messages that were read one after the other."""
        self._in_a_row = self._in_a_row + count if malformed else 0
        self._append(malformed, count)
        self._forget_beyond_window()
        self._verdict = self._verdict or self._judge()

    @property
    def should_stop(self) -> str | None:
        """Which limit was passed; None while the input is bearable."""
        return self._verdict

    def _append(self, malformed: bool, count: int) -> None:
        self._total += count
        self._malformed += count if malformed else 0
        if self._runs and self._runs[-1].malformed == malformed:
            count += self._runs.pop().length
        self._runs.append(_Run(malformed, count))

    def _forget_beyond_window(self) -> None:
        while (excess := self._total - self._limits.window) > 0:
            oldest = self._runs.popleft()
            forgotten = min(excess, oldest.length)
            self._total -= forgotten
            self._malformed -= forgotten if oldest.malformed else 0
            if forgotten < oldest.length:
                self._runs.appendleft(_Run(oldest.malformed, oldest.length - forgotten))

    def _judge(self) -> str | None:
        limits = self._limits
        if self._in_a_row >= limits.consecutive:
            return f"{self._in_a_row} messages in a row are malformed (limit {limits.consecutive})"
        if self._total >= limits.window and self._malformed > limits.share * limits.window:
            return f"{self._malformed} of the last {self._total} messages are malformed (limit {limits.share:.0%})"
        return None
