import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thunder.plan.costs import MEASURED
from thunder.plan.demand import Demand
from thunder.plan.sizing import BUSY, MASTER_BYTES, Sizing, fewest_stores, machines_of, size_installation

SMALL = Demand(230, 1_000_000, 200, 2000, 1200, 172_800)
LARGE = Demand(6000, 500_000_000, 200, 300_000, 1200, 172_800)

demands = st.builds(
    Demand,
    st.floats(0.1, 100_000),
    st.integers(1, 10**10),
    st.integers(1, 10_000),
    st.floats(0.1, 1_000_000),
    st.integers(1, 12_000),
    st.integers(60, 30 * 86_400),
    st.integers(0, 3),
    st.integers(1, 64),
    st.just(float("inf")),
)
GROWING = ("posts_per_second", "authors", "requests_per_second", "retention_seconds", "replicas")
"""Not follows and results: servers then read each list deeper at first, or from more authors, and fewer lists again."""


def sizes(plan: Sizing) -> dict[str, float]:
    """The figures that must not fall where the demand grows."""
    return {
        "posts": plan.store.posts,
        "data_bytes": plan.store.data_bytes,
        "post_hashes": plan.store.post_hashes,
        "masters": plan.masters,
        "buckets": plan.buckets,
        "redis per request": plan.load.request_us,
        "redis cores": plan.load.cores,
        "server per request": plan.server_us,
        "servers": plan.servers,
        "workers": plan.worker.workers,
        "partitions": plan.partitions,
        "connections": plan.connections,
        "kafka_bytes": plan.kafka_bytes,
    }


@settings(deadline=None, max_examples=50)
@given(demands, st.sampled_from(GROWING), st.floats(1, 3))
def test_a_greater_demand_never_makes_a_smaller_plan(demand: Demand, name: str, factor: float) -> None:
    value = getattr(demand, name)
    most = 3 if name == "replicas" else 10**11
    greater = value * factor if isinstance(value, float) else min(most, int(value * factor) + 1)
    before = sizes(size_installation(demand, MEASURED))
    after = sizes(size_installation(demand._replace(**{name: max(value, greater)}), MEASURED))
    assert {each: (held, after[each]) for each, held in before.items() if after[each] < held * (1 - 1e-9)} == {}


@settings(deadline=None, max_examples=50)
@given(demands)
def test_counts_are_whole_and_within_the_settings(demand: Demand) -> None:
    plan = size_installation(demand, MEASURED)
    counts = (plan.masters, plan.buckets, plan.store.post_hashes, plan.servers, plan.worker.workers, plan.partitions)
    assert all(isinstance(count, int) for count in counts)
    assert plan.masters <= plan.buckets <= 16_384
    assert plan.store.post_hashes <= 2**24
    assert plan.masters != 2
    assert plan.worker.workers <= plan.partitions
    assert plan.store.writing_authors <= min(demand.authors, plan.store.posts)
    assert plan.servers >= 2


@pytest.mark.parametrize("demand", [SMALL, LARGE._replace(stores=16), SMALL._replace(requests_per_second=100_000)])
def test_the_fullest_master_has_room(demand: Demand) -> None:
    plan = size_installation(demand, MEASURED)
    assert plan.load.cores * plan.fullest <= BUSY * plan.masters
    assert plan.master_bytes <= MASTER_BYTES


def test_memory_alone_asks_for_masters() -> None:
    plan = size_installation(LARGE._replace(requests_per_second=1), MEASURED)
    assert plan.masters == pytest.approx(plan.store.data_bytes * 1.5 / MASTER_BYTES, rel=0.2)


def test_small_demands_need_one_store() -> None:
    assert fewest_stores(SMALL, MEASURED) == 1


def test_wide_clusters_are_divided() -> None:
    """A request costs each of many masters a pipeline, and so more of them can need fewer in all."""
    stores = fewest_stores(LARGE, MEASURED)
    several, one = LARGE._replace(stores=stores), LARGE
    assert stores > 1
    assert machines_of(several, size_installation(several, MEASURED)) < machines_of(
        one, size_installation(one, MEASURED)
    )


def test_lists_end_at_their_cap() -> None:
    plan = size_installation(SMALL._replace(authors=10), MEASURED)
    assert plan.store.posts == 50_000
