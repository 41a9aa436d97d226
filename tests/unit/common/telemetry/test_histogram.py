from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from common.telemetry.histogram import Histogram, Series, exponential


def test_a_histogram_is_exposed_as_prometheus_counts_it() -> None:
    registry = CollectorRegistry()
    series = Histogram("wait_seconds", "Waiting", (1, 2.5), registry).series()
    for value in (0.5, 2.5, 2.6):
        series.observe(value)
    assert generate_latest(registry).decode() == (
        "# HELP wait_seconds Waiting\n"
        "# TYPE wait_seconds histogram\n"
        'wait_seconds_bucket{le="1.0"} 1.0\n'
        'wait_seconds_bucket{le="2.5"} 2.0\n'
        'wait_seconds_bucket{le="+Inf"} 3.0\n'
        "wait_seconds_count 3.0\n"
        "wait_seconds_sum 5.6\n"
    )


@given(st.lists(st.integers(-5, 20)))
def test_many_values_at_once_count_as_one_by_one(values: list[int]) -> None:
    at_once, one_by_one = Series((1, 2.5, 10)), Series((1, 2.5, 10))
    for value in values:
        one_by_one.observe(value)
    at_once.observe_all(values)
    assert (at_once.counts, at_once.sum) == (one_by_one.counts, one_by_one.sum)


def test_every_value_of_the_label_exists_from_the_start() -> None:
    registry = CollectorRegistry()
    histogram = Histogram("age", "Age", (1,), registry, "stage", ("before", "after"))
    histogram.series("after").observe(1)
    assert registry.get_sample_value("age_count", {"stage": "before"}) == 0
    assert registry.get_sample_value("age_bucket", {"stage": "after", "le": "1.0"}) == 1


def test_exponential_bounds() -> None:
    assert exponential(1, 2, 4) == (1, 2, 4, 8)
