"""Saying something often enough, but not for every occurrence."""


class Throttle:
    """Lets one occurrence pass per interval."""

    def __init__(self, interval_seconds: float) -> None:
        self._interval = interval_seconds
        self._last: float | None = None

    def lets_pass(self, now: float) -> bool:
        """Whether to say it at now (seconds). A clock that was set back lets it pass too."""
        if self._last is not None and self._last <= now < self._last + self._interval:
            return False
        self._last = now
        return True
