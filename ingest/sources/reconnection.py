"""When to connect again after a connection was lost. Pure."""

from typing import NamedTuple

from common.backoff import Backoff


class Patience(NamedTuple):
    """How long to bear with a server.

    longest_silence: seconds without a message after which a connection counts as lost, be it half-open or stuck.
    backoff: waits between attempts, first and longest in seconds.
    """

    longest_silence: float = 60.0
    backoff: Backoff = Backoff(first=1.0, longest=60.0)


PATIENCE = Patience()
"""With servers on the internet."""


class Attempts:
    """How often a source failed to get any further."""

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff
        self._lost_at: str | None = None
        self.failures = 0

    def lost(self, position: str, asked_for: float) -> float:
        """A connection was lost, or none was made, after the message of that position. Return the seconds to wait.

        Whoever got further since the last loss begins anew; a server that accepts and hangs up is not hammered.
        asked_for: what the server asks to wait, in seconds; it gets at most the longest wait of the backoff.
        """
        self.failures = 1 if position != self._lost_at else self.failures + 1
        self._lost_at = position
        return max(self._backoff.delay(self.failures - 1), min(asked_for, self._backoff.longest))
