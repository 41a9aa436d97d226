"""The last seconds of something that is looked at now and then. Pure."""

from collections import deque
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class WindowSpan(NamedTuple, Generic[T]):
    """Two looks and the seconds between them, more than 0."""

    first: T
    last: T
    seconds: float


class Window(Generic[T]):
    """Keeps the looks of the last so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._looks: deque[tuple[float, T]] = deque()

    def add(self, at: float, look: T) -> None:
        """A look, later than the last; one that is not is passed over. at in seconds, on a clock of the caller's."""
        if self._looks and at <= self._looks[-1][0]:
            return
        self._looks.append((at, look))
        while self._looks[0][0] < at - self._seconds:
            self._looks.popleft()

    def span(self) -> WindowSpan[T] | None:
        """From the first look to the last; None before there are two."""
        if len(self._looks) < 2:
            return None
        (began, first), (ended, last) = self._looks[0], self._looks[-1]
        return WindowSpan(first, last, ended - began)


def rate(totals: Window[float]) -> float | None:
    """How much a total that only grows grew per second; None when that is not known."""
    span = totals.span()
    return None if span is None else (span.last - span.first) / span.seconds
