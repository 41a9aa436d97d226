"""Metrics of a source: names and help. They show the numbers that it keeps anyway, when somebody asks."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingest.sources.message import TOO_LARGE
from ingest.sources.statistics import QUEUE_FULL, Counts


class Labels(NamedTuple):
    """The words by which a source counts, so that each has its series from the start."""

    sent: tuple[str, ...]
    ignored: tuple[str, ...]
    dropped: tuple[str, ...]


class SourceMetrics(Collector):
    """Asks for the counts at each scrape. counts and queued are called from any thread."""

    def __init__(
        self,
        registry: CollectorRegistry,
        labels: Labels,
        counts: Callable[[], Counts],
        queued: Callable[[], int],
    ) -> None:
        self._labels = labels._replace(dropped=(*labels.dropped, TOO_LARGE, QUEUE_FULL))
        self._counts = counts
        self._queued = queued
        registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """See Collector."""
        counts = self._counts()
        for name, text, count in (
            ("source_received", "Messages heard", counts.received),
            ("source_produced", "Events that Kafka has acknowledged", counts.produced),
            ("source_failed", "Events that were given up", counts.failed),
            ("source_bad_dates", "Events whose own date could not be read", counts.bad_dates),
            ("source_reconnects", "Lost connections that were made anew", counts.reconnects),
        ):
            yield CounterMetricFamily(name, text, value=count)
        yield _by_label("source_sent", "Messages put in the queue", "kind", self._labels.sent, counts.sent)
        yield _by_label(
            "source_ignored", "Messages that change nothing here", "kind", self._labels.ignored, counts.ignored
        )
        yield _by_label("source_dropped", "Messages left out", "reason", self._labels.dropped, counts.dropped)
        yield GaugeMetricFamily("source_queue_depth", "Events queued or on their way to Kafka", value=self._queued())


def _by_label(
    name: str, text: str, label: str, closed_set: tuple[str, ...], counts: Mapping[str, int]
) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in {**dict.fromkeys(closed_set, 0), **counts}.items():
        family.add_metric([value], count)
    return family
