import pytest

from serve.loop_lag import LoopLag


def running_since(now: float) -> LoopLag:
    lag = LoopLag()
    lag.ran(now)
    return lag


def test_a_meter_that_nobody_feeds_shows_no_lag() -> None:
    lag = LoopLag()
    assert lag.seconds(100.0) == 0
    lag.ran(100.0)
    lag.ended()
    assert lag.seconds(200.0) == 0


def test_a_loop_in_time_has_no_lag() -> None:
    lag = running_since(100.0)
    lag.ran(100.01)
    assert lag.seconds(100.015) == pytest.approx(0.0)  # pyright: ignore[reportUnknownMemberType]


def test_a_late_call_is_the_lag_until_the_next_call() -> None:
    lag = running_since(100.0)
    lag.ran(100.21)
    assert lag.seconds(100.215) == pytest.approx(0.2)  # pyright: ignore[reportUnknownMemberType]
    lag.ran(100.22)
    assert lag.seconds(100.225) == pytest.approx(0.0)  # pyright: ignore[reportUnknownMemberType]


def test_an_overdue_call_counts_before_it_runs() -> None:
    lag = running_since(100.0)
    assert lag.seconds(100.51) == pytest.approx(0.5)  # pyright: ignore[reportUnknownMemberType]
