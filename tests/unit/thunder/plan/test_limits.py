import pytest

from thunder.plan.costs import MEASURED
from thunder.plan.demand import Demand
from thunder.plan.limits import Limit, plan_limits
from thunder.plan.sizing import size_installation

DEMAND = Demand(230, 1_000_000, 200, 2000, 1200, 172_800)


def limits(demand: Demand) -> list[Limit]:
    return plan_limits(demand, MEASURED, size_installation(demand, MEASURED))


@pytest.mark.parametrize(
    ("change", "first"),
    [
        ({}, "CPU of the fullest master"),
        ({"posts_per_second": 100_000.0, "authors": 10**9}, "posts in a hash"),
        ({"authors": 10}, "posts of an author"),
        ({"requests_per_second": 3e6}, "nodes of a cluster"),
        ({"requests_per_second": 1.0, "posts_per_second": 20_000.0, "authors": 10**8}, "memory of a master"),
    ],
)
def test_what_breaks_first_is_in_front(change: dict[str, float], first: str) -> None:
    found = limits(DEMAND._replace(**change))
    assert found[0].name == first
    assert [limit.headroom for limit in found] == sorted(limit.headroom for limit in found)


def test_a_plan_that_fits_exceeds_nothing() -> None:
    assert all(limit.headroom >= 1 for limit in limits(DEMAND))


def test_limits_name_a_remedy() -> None:
    assert all(limit.remedy for limit in limits(DEMAND))
