"""Histograms without a lock, cheap enough for every event: one thread observes, another may scrape."""

import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar

from common.telemetry.tracing import is_tracing, sampled_trace_id


class Series:
    """One series of a histogram: counts per bucket and their sum. Observed by one thread at a time, hence no lock."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0
        self._exemplars: list[Exemplar | None] = [None] * len(self._counts)

    @property
    def bounds(self) -> Sequence[float]:
        """Upper ends of the buckets; the last bucket has none."""
        return self._bounds

    @property
    def counts(self) -> tuple[int, ...]:
        """Values per bucket so far."""
        return tuple(self._counts)

    @property
    def sum(self) -> float:
        """Sum of the values so far."""
        return self._sum

    def observe(self, value: float) -> None:
        """Count the value, in the unit of the histogram."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def observe_all(self, values: Iterable[float]) -> None:
        """Count many values at once, much cheaper than one by one."""
        ordered = sorted(values)
        below = 0
        for bucket, bound in enumerate(self._bounds):
            up_to = bisect_right(ordered, bound, below)
            self._counts[bucket] += up_to - below
            below = up_to
        self._counts[-1] += len(ordered) - below
        self._sum += sum(ordered)

    def add_to(self, family: HistogramMetricFamily, labels: Sequence[str]) -> None:
        """Append the samples of this series to the family."""
        cumulative: list[tuple[str, float] | tuple[str, float, Exemplar]] = []
        total = 0
        bounds = (*map(float, self._bounds), "+Inf")
        for bound, count, exemplar in zip(bounds, self._counts, self._exemplars, strict=True):
            total += count
            cumulative.append((str(bound), total, exemplar) if exemplar else (str(bound), total))
        family.add_metric(labels, cumulative, self._sum)


class TracedSeries(Series):
    """A series that keeps for each bucket its latest value of a sampled trace, as an exemplar with the trace's id."""

    def observe(self, value: float) -> None:
        """Count the value, in the unit of the histogram."""
        super().observe(value)
        if trace_id := sampled_trace_id():
            bucket = bisect_left(self._bounds, value)
            self._exemplars[bucket] = Exemplar({"trace_id": trace_id}, value, time.time())


class Histogram(Collector):
    """A histogram with ascending bucket bounds and at most one label, all of whose values exist from the start.

    has_exemplars: each value is observed within the span that it measures. Without tracing this costs nothing.
    """

    def __init__(
        self,
        name: str,
        documentation: str,
        bounds: Sequence[float],
        registry: CollectorRegistry,
        label: str | None = None,
        values: Iterable[str] = (),
        *,
        has_exemplars: bool = False,
    ) -> None:
        self._name = name
        self._documentation = documentation
        self._label_names = [label] if label else []
        series = TracedSeries if has_exemplars and is_tracing() else Series
        self._series = {value: series(bounds) for value in (values if label else [""])}
        registry.register(self)

    def series(self, value: str = "") -> Series:
        """The series with this value of the label; the only one of a histogram without a label."""
        return self._series[value]

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """Yield the samples of a scrape."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=self._label_names)
        for value, series in self._series.items():
            series.add_to(family, [value] if self._label_names else [])
        yield family


def exponential(start: float, factor: float, count: int) -> tuple[float, ...]:
    """Bucket bounds: start, start * factor, ..., count of them."""
    return tuple(start * factor**power for power in range(count))
