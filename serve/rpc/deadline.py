"""How long a read of the store may take. Pure; all times in seconds, None = no limit."""

_RESERVE_SECONDS = 0.025
"""Kept back from the caller's deadline, so that a partial answer still reaches him."""


def time_to_read(request_timeout: float | None, caller_remaining: float | None) -> float | None:
    """The shorter of our own timeout and what the caller's deadline leaves, less a reserve of a quarter at most."""
    if caller_remaining is None:
        return request_timeout
    usable = caller_remaining - min(_RESERVE_SECONDS, caller_remaining / 4)
    return usable if request_timeout is None else min(request_timeout, usable)
