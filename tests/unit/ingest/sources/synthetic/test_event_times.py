import random
from itertools import takewhile

import pytest

from ingest.sources.synthetic.event_times import EventRate, event_times

START = 1_760_000_000.0


def moments(pace: EventRate, seconds: float) -> list[float]:
    return [
        at - START
        for at in takewhile(lambda at: at < START + seconds, event_times(START, pace.rate_at, random.Random(1)))
    ]


def test_things_happen_at_the_rate_on_average_and_in_order() -> None:
    happened = moments(EventRate(20), 500)

    assert len(happened) == pytest.approx(10_000, rel=0.05)
    assert happened == sorted(happened)
    assert happened[0] > 0


def test_a_burst_begins_each_period() -> None:
    happened = moments(EventRate(10, burst_factor=8, burst_seconds=5, burst_period=50), 1000)

    in_bursts = sum(at % 50 < 5 for at in happened)
    assert in_bursts == pytest.approx(20 * 5 * 80, rel=0.1)
    assert len(happened) - in_bursts == pytest.approx(20 * 45 * 10, rel=0.1)


def test_a_burst_is_not_slept_through_at_a_low_rate() -> None:
    happened = moments(EventRate(0.01, burst_factor=1000, burst_seconds=5, burst_period=50), 1000)

    assert len(happened) == pytest.approx(1000, rel=0.25)
