import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.store.topology import cluster_topology
from thunder.plan.buckets import SLOTS, buckets_for, fullest_share, slot_ranges


def buckets_of_masters(buckets: int, masters: int) -> list[int]:
    """As the roles find them in a cluster with the ranges of the plan."""
    ranges = [[first, last, [b"host", number]] for number, (first, last) in enumerate(slot_ranges(buckets, masters))]
    return [len(of_node) for of_node in cluster_topology(ranges, "host", buckets).buckets_of_nodes()]


@pytest.mark.parametrize("masters", [1, 3, 7, 50, 200])
def test_few_masters_hold_the_same(masters: int) -> None:
    held = buckets_of_masters(buckets_for(masters), masters)
    assert len(held) == masters
    assert max(held) <= 1.05 * sum(held) / masters


@pytest.mark.parametrize(("masters", "most"), [(401, 1.06), (600, 1.15), (1000, 1.25)])
def test_many_masters_hold_nearly_the_same(masters: int, most: float) -> None:
    held = buckets_of_masters(buckets_for(masters), masters)
    assert max(held) / (sum(held) / masters) == pytest.approx(fullest_share(buckets_for(masters), masters))
    assert min(held) > 0
    assert max(held) <= most * sum(held) / masters


@given(st.integers(1, SLOTS))
def test_ranges_cover_all_slots(masters: int) -> None:
    ranges = slot_ranges(buckets_for(masters), masters)
    assert len(ranges) == masters
    assert all(first <= last for first, last in ranges)
    assert [first for first, _ in ranges] == [0, *(last + 1 for _, last in ranges[:-1])]
    assert ranges[-1][1] == SLOTS - 1


@given(st.integers(1, SLOTS))
def test_buckets_are_within_the_setting(masters: int) -> None:
    buckets = buckets_for(masters)
    assert 256 <= buckets <= 16_384
    assert buckets.bit_count() == 1
    assert buckets >= buckets_for(max(1, masters - 1))
