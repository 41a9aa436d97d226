"""Whether this machine's clock agrees with those of Redis's nodes."""

from typing import cast

import pytest
import redis

from common.errors import ClockDisagrees, StoreUnavailable
from common.store.clock_check import ClockCheck, ClockComparison, ClockSample, compare_clocks, node_clocks

NOW = 1_790_000_000
SKEW = 60


class Machine:
    """A check with clocks that the test sets: ours is ahead by `ahead`, nodes are ahead of the true time."""

    def __init__(self, skew: int = SKEW) -> None:
        self.passed = 0.0
        self.ahead = 0
        self.check = ClockCheck(lambda: int(NOW + self.passed + self.ahead), skew, lambda: self.passed)

    def compare(self, *nodes: float | None) -> None:
        self.check.compare(
            [lambda ahead=ahead: None if ahead is None else NOW + self.passed + ahead for ahead in nodes]
        )


def silent() -> float:
    raise StoreUnavailable


def samples(*leads: float) -> list[ClockSample]:
    """Nodes that our clock is ahead of by this much."""
    return [ClockSample(NOW, NOW - lead, NOW) for lead in leads]


@pytest.mark.parametrize(
    ("sample", "lead"),
    [
        (ClockSample(NOW, NOW + 0.5, NOW), 0),
        (ClockSample(NOW, NOW + 1, NOW), 0),
        (ClockSample(NOW, NOW + 1.5, NOW), -0.5),
        (ClockSample(NOW, NOW - 1.5, NOW), 1.5),
        (ClockSample(NOW, NOW + 3, NOW + 3), 0),  # it took three seconds to answer: nothing is proven
        (ClockSample(NOW, NOW + 61.5, NOW), -60.5),
    ],
)
def test_lead_is_what_the_readings_prove(sample: ClockSample, lead: float) -> None:
    assert sample.lead == lead


@pytest.mark.parametrize(
    ("leads", "comparison"),
    [
        ((), (0, 0)),
        ((90,), (90, 0)),
        ((0, 0, 3600), (0, 3600)),
        ((3600, 0, 3600), (3600, 3600)),
        ((0, 3600), (0, 3600)),
        ((3600, 0), (0, 3600)),
        ((0, 0, 0, 3600), (0, 3600)),
        ((3600, 3600, 3600, 0), (3600, 3600)),
        ((-7200, -3600), (-3599, 3600)),
    ],
)
def test_median_of_the_nodes_counts(leads: tuple[float, ...], comparison: tuple[float, float]) -> None:
    assert compare_clocks(samples(*leads)) == ClockComparison(*comparison)


def test_clock_is_not_trusted_before_it_was_compared() -> None:
    check = Machine().check
    assert (check.lead, check.spread) == (0, 0)
    assert check.disagreement() == "the clock has not been compared with Redis's yet"
    with pytest.raises(ClockDisagrees, match="not been compared"):
        check.check()


@pytest.mark.parametrize(("ahead", "agrees"), [(0, True), (60, True), (-60, True), (62, False), (-62, False)])
def test_clock_may_differ_by_the_skew(ahead: int, agrees: bool) -> None:
    machine = Machine()
    machine.ahead = ahead
    machine.compare(0)
    assert (machine.check.disagreement() is None) == agrees


def test_reason_stays_the_same_while_it_lasts() -> None:
    machine = Machine()
    for machine.ahead in (3600, 3605):
        machine.compare(0)
        assert machine.check.disagreement() == "this machine's clock is more than 60 s ahead of Redis's"
    machine.ahead = -3600
    machine.compare(0)
    assert machine.check.disagreement() == "this machine's clock is more than 60 s behind Redis's"


def test_clock_that_agrees_again_is_trusted_again() -> None:
    machine = Machine()
    machine.ahead = 3600
    machine.compare(0)
    machine.ahead = 0
    machine.compare(0)
    machine.check.check()


@pytest.mark.parametrize(("step", "lead"), [(3600, 3598.1), (-3600, -3599.9)])
def test_clock_that_was_set_since_is_not_trusted(step: int, lead: float) -> None:
    machine = Machine()
    machine.compare(0)
    machine.passed, machine.ahead = 0.9, step
    assert machine.check.lead == pytest.approx(lead)
    with pytest.raises(ClockDisagrees):
        machine.check.check()
    machine.ahead = 0
    machine.check.check()


def test_time_that_passes_is_no_difference() -> None:
    machine = Machine(skew=0)
    machine.compare(0)
    for machine.passed in (0.1, 0.9, 1.0, 59.99, 86_400.5):
        assert machine.check.disagreement() is None
        assert machine.check.lead == 0


def test_skew_of_zero_allows_a_second() -> None:
    machine = Machine(skew=0)
    for ahead in (0.7, 1.7, 2):
        machine.compare(ahead)
        assert machine.check.disagreement() is None
    machine.compare(2.7)
    assert machine.check.disagreement()


def test_spread_is_between_the_nodes() -> None:
    machine = Machine()
    machine.compare(0, -3)
    assert machine.check.spread == 3


class Server:
    """A node that shows these facts."""

    def __init__(self, **facts: object) -> None:
        self._facts = facts

    def info(self, section: str) -> dict[str, object]:
        assert section == "server"
        return self._facts


def test_time_of_a_node_is_read_from_its_info() -> None:
    nodes = cast("list[redis.Redis]", [Server(server_time_usec=1_790_000_000_500_000), Server()])
    assert [clock() for clock in node_clocks(nodes)] == [NOW + 0.5, None]


def test_a_silent_node_is_reported_after_the_others() -> None:
    machine = Machine()
    machine.ahead = 3600
    with pytest.raises(StoreUnavailable):
        machine.check.compare([silent, lambda: NOW])
    assert machine.check.disagreement()


def test_silence_of_all_nodes_changes_nothing() -> None:
    machine = Machine()
    machine.compare(0)
    with pytest.raises(StoreUnavailable):
        machine.check.compare([silent, silent])
    assert machine.check.disagreement() is None


def test_server_that_does_not_show_its_time_is_no_disagreement() -> None:
    machine = Machine()
    machine.compare(None)
    assert machine.check.disagreement() is None


@pytest.mark.parametrize(("ahead", "earliest"), [(0, NOW), (3600, NOW), (-3600, NOW - 3600)])
def test_earliest_now_is_of_the_clock_that_is_behind(ahead: int, earliest: int) -> None:
    machine = Machine()
    machine.ahead = ahead
    machine.compare(0)
    assert machine.check.earliest_now() == earliest
