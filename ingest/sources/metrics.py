"""Metrics of a source: names and help. They show its own counts at each scrape."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingest.sources.catalogue import Labels
from ingest.sources.message import TOO_LARGE
from ingest.sources.statistics import QUEUE_FULL, Counts


class SourceMetrics(Collector):
    """Exports the counts of a source. counts and queued are called at each scrape, from any thread."""

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
        """Samples of every metric, as prometheus_client asks for them."""
        counts = self._counts()
        for name, text, count in (
            ("source_received", "Messages received", counts.received),
            ("source_produced", "Events acknowledged by Kafka", counts.produced),
            ("source_failed", "Events not delivered to Kafka", counts.failed),
            (
                "source_bad_dates",
                "Events without a readable date, sent with their message's time",
                counts.bad_dates,
            ),
            ("source_reconnects", "Reconnects after a lost connection", counts.reconnects),
        ):
            yield CounterMetricFamily(name, text, value=count)
        yield _by_label("source_sent", "Messages queued for Kafka, by kind", "kind", self._labels.sent, counts.sent)
        yield _by_label(
            "source_ignored",
            "Messages that change no timeline, by kind",
            "kind",
            self._labels.ignored,
            counts.ignored,
        )
        yield _by_label(
            "source_dropped",
            "Messages dropped, by reason",
            "reason",
            self._labels.dropped,
            counts.dropped,
        )
        yield GaugeMetricFamily("source_queue_depth", "Events queued or in flight to Kafka", value=self._queued())


def _by_label(
    name: str, text: str, label: str, closed_set: tuple[str, ...], counts: Mapping[str, int]
) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in {**dict.fromkeys(closed_set, 0), **counts}.items():
        family.add_metric([value], count)
    return family
