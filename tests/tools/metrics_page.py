"""Writes docs/metrics.md, the metrics of all roles: python -m tests.tools.metrics_page.

A test compares the file with what this module makes.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, Metric

from common.store.clock_check import ClockCheck
from common.telemetry.clock_metrics import register_clock_metrics
from common.telemetry.process_metrics import process_registry
from common.timing import system_clock
from ingest.metrics import FreshnessMetrics, IngestMetrics
from ingest.sources.catalogue import Labels
from ingest.sources.metrics import SourceMetrics
from ingest.sources.statistics import of_fields
from ingest.write.metrics import MarkMetrics, StoreMetrics
from serve.metrics import ServeMetrics

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"

_INTRODUCTION = """\
# Metrics

Prometheus metrics of each role, on its HTTP port under `/metrics`. Label values of a closed set exist from the start.

This page is generated: `uv run python -m tests.tools.metrics_page`.

"""


def metrics_page() -> str:
    """Return the page as Markdown."""
    return _INTRODUCTION + metrics_table() + "\n"


def metrics_table() -> str:
    """Markdown: name, labels, where it is exported, what it tells."""
    rows = ["| metric | kind | exported by | what it tells |", "|---|---|---|---|"]
    for roles, metrics in exported_metrics().items():
        rows += _rows(roles, metrics)
    return "\n".join(rows)


def exported_metrics() -> dict[str, list[Metric]]:
    """Every metric, with the samples that are there from the start, by the roles that export it."""
    registries = {
        "all": process_registry(),
        "ingest, transform": _ingest(),
        "ingest": _store(),
        "serve": _serve(),
        "sources": _source(),
    }
    return {roles: list(registry.collect()) for roles, registry in registries.items()}


def _ingest() -> CollectorRegistry:
    registry = CollectorRegistry()
    IngestMetrics(registry)
    return registry


def _store() -> CollectorRegistry:
    registry = CollectorRegistry()
    FreshnessMetrics(registry)
    register_clock_metrics(registry, "ingest", ClockCheck(system_clock, 60))
    StoreMetrics(registry)
    MarkMetrics(registry)
    return registry


def _serve() -> CollectorRegistry:
    registry = CollectorRegistry()
    ServeMetrics(registry, in_flight=lambda: 0, queueing_delay=lambda: 0.0)
    register_clock_metrics(registry, "serve", ClockCheck(system_clock, 60))
    return registry


def _source() -> CollectorRegistry:
    registry = CollectorRegistry()
    SourceMetrics(registry, Labels(("post",), ("like",), ()), lambda: of_fields({}), queued=lambda: 0)
    return registry


def _rows(roles: str, metrics: Iterable[Metric]) -> Iterator[str]:
    for metric in metrics:
        yield f"| `{_name(metric)}` | {metric.type} | {roles} | {metric.documentation} |"


def _name(metric: Metric) -> str:
    name = f"{metric.name}_total" if metric.type == "counter" else metric.name
    labels = sorted({label for sample in metric.samples for label in sample.labels if label != "le"})
    return f"{name}{{{','.join(labels)}}}" if labels else name


if __name__ == "__main__":
    PAGE.write_text(metrics_page(), encoding="utf-8")
