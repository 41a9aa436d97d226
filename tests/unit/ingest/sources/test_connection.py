from common.timing import Backoff
from ingest.sources.connection import Attempts

BACKOFF = Backoff(first=1.0, longest=60.0)


def bounds(failures: int) -> tuple[float, float]:
    """The shortest and the longest wait after a number of failures."""
    whole = min(60.0, 2.0 ** (failures - 1))
    return whole / 2, whole


def test_waits_grow_without_progress() -> None:
    attempts = Attempts(BACKOFF)

    for failures in range(1, 12):
        shortest, longest = bounds(failures)
        assert shortest <= attempts.lost("", 0) <= longest
        assert attempts.failures == failures


def test_progress_resets_the_backoff() -> None:
    attempts = Attempts(BACKOFF)
    for _ in range(5):
        attempts.lost("100", 0)

    assert attempts.lost("101", 0) <= 1.0


def test_a_server_that_hangs_up_is_not_flooded() -> None:
    attempts = Attempts(BACKOFF)
    waits = [attempts.lost("100", 0) for _ in range(8)]

    assert waits[-1] >= 30.0


def test_a_server_is_given_the_time_it_asks_for_within_bounds() -> None:
    assert Attempts(BACKOFF).lost("", 15) == 15
    assert Attempts(BACKOFF).lost("", 1e9) == 60
    assert Attempts(BACKOFF).lost("", -1) >= 0.5
