from common.timing import RateLimiter


def test_one_passes_per_interval() -> None:
    throttle = RateLimiter(10)
    assert [throttle.allow(now) for now in (0, 1, 9, 10, 11, 20)] == [True, False, False, True, False, True]


def test_a_clock_set_back_does_not_silence_it() -> None:
    throttle = RateLimiter(10)
    throttle.allow(1000)
    assert throttle.allow(500)
