from common.timing import Backoff, RateLimiter

ALMOST_ONE = 1 - 1e-12


def test_waits_double_up_to_the_longest() -> None:
    backoff = Backoff(first=0.1, longest=1.0)
    waits = [round(backoff.delay(attempt, lambda: ALMOST_ONE), 6) for attempt in range(6)]
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


def test_jitter_takes_off_half_at_most() -> None:
    assert Backoff(first=2.0, longest=2.0).delay(0, lambda: 0.0) == 1.0


def test_the_millionth_attempt_waits_the_longest_too() -> None:
    assert Backoff(first=0.1, longest=5.0).delay(10**6, lambda: 0.0) == 2.5


def test_rate_limiter_allows_one_per_interval() -> None:
    limiter = RateLimiter(10)
    assert [limiter.allow(now) for now in (0, 1, 9, 10, 11, 20)] == [True, False, False, True, False, True]


def test_rate_limiter_allows_after_clock_is_set_back() -> None:
    limiter = RateLimiter(10)
    limiter.allow(1000)
    assert limiter.allow(500)
