from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from serve.histogram import Histogram, exponential


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


def test_every_value_of_the_label_exists_from_the_start() -> None:
    registry = CollectorRegistry()
    histogram = Histogram("age", "Age", (1,), registry, "stage", ("before", "after"))
    histogram.series("after").observe(1)
    assert registry.get_sample_value("age_count", {"stage": "before"}) == 0
    assert registry.get_sample_value("age_bucket", {"stage": "after", "le": "1.0"}) == 1


def test_exponential_bounds() -> None:
    assert exponential(1, 2, 4) == (1, 2, 4, 8)
