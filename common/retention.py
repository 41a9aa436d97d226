"""Retention: the age up to which a post counts, by comparing times, and the longer TTL of its keys. Pure."""

from typing import NamedTuple

TRIM_SLACK_SECONDS = 3600
"""Delay of the trim after the retention: a worker with a fast clock removes nothing that readers show."""


class Retention(NamedTuple):
    """Seconds that a post is shown, and seconds that a creation time may lie ahead of the clock."""

    seconds: int
    skew_seconds: int = 0

    def oldest(self, now: int) -> int:
        """Oldest time (Unix seconds) that still counts at now, inclusive."""
        return max(0, now - self.seconds)

    @property
    def ttl_seconds(self) -> int:
        """TTL of a key, counted from its last write: a backstop behind the trim."""
        return self.seconds + self.skew_seconds + TRIM_SLACK_SECONDS
