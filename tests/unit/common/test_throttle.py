from common.throttle import Throttle


def test_one_passes_per_interval() -> None:
    throttle = Throttle(10)
    assert [throttle.lets_pass(now) for now in (0, 1, 9, 10, 11, 20)] == [True, False, False, True, False, True]


def test_a_clock_set_back_does_not_silence_it() -> None:
    throttle = Throttle(10)
    throttle.lets_pass(1000)
    assert throttle.lets_pass(500)
