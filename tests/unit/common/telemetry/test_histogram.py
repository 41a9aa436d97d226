import re
from collections.abc import Generator, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from common.telemetry.histogram import Histogram, Series, exponential
from common.telemetry.tracing import SpanIds, use_tracing

TRACE, LATER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331b7ad6b7169203331"


class FakeTracing:
    """Tracing whose current trace the test sets; empty when it is not sampled."""

    def __init__(self) -> None:
        self.trace_id = ""

    def span(
        self, name: str, parent: str, links: Iterable[str], attributes: Mapping[str, int]
    ) -> AbstractContextManager[object]:
        """As Tracing."""
        return nullcontext()

    def traceparent(self) -> str:
        """As Tracing."""
        return ""

    def ids(self) -> SpanIds | None:
        """As Tracing."""

    def sampled_trace_id(self) -> str:
        """As Tracing."""
        return self.trace_id


@pytest.fixture
def tracing() -> Generator[FakeTracing]:
    tracing = FakeTracing()
    use_tracing(tracing)
    yield tracing
    use_tracing(None)


def exemplars(registry: CollectorRegistry) -> list[str]:
    """Bucket, trace and value of each exemplar that a scraper of OpenMetrics gets."""
    exposed = cast("bytes", openmetrics.generate_latest(registry))
    return re.findall(r'_bucket\{le="(.*)"\} .* # \{trace_id="(.*)"\} (.*) 1[0-9]{9}\.[0-9]+', exposed.decode())


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


def test_a_bucket_names_the_trace_of_its_latest_sampled_value(tracing: FakeTracing) -> None:
    registry = CollectorRegistry()
    series = Histogram("wait_seconds", "Waiting", (1, 2.5), registry, has_exemplars=True).series()
    for value, tracing.trace_id in ((0.5, TRACE), (7, TRACE), (8, LATER), (9, ""), (2, "")):
        series.observe(value)
    assert exemplars(registry) == [("1.0", TRACE, "0.5"), ("+Inf", LATER, "8.0")]
    assert series.counts == (1, 1, 3)


def test_plain_text_has_no_exemplars(tracing: FakeTracing) -> None:
    registry = CollectorRegistry()
    tracing.trace_id = TRACE
    Histogram("wait_seconds", "Waiting", (1, 2.5), registry, has_exemplars=True).series().observe(2)
    assert "#" not in re.sub(r"^# (HELP|TYPE) ", "", generate_latest(registry).decode(), flags=re.MULTILINE)


def test_other_histograms_do_not_ask_for_the_trace(tracing: FakeTracing) -> None:
    registry = CollectorRegistry()
    tracing.trace_id = TRACE
    Histogram("posts", "Posts", (1, 2.5), registry).series().observe(2)
    assert exemplars(registry) == []


def test_exponential_bounds() -> None:
    assert exponential(1, 2, 4) == (1, 2, 4, 8)
