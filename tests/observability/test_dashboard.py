"""The Grafana dashboard: Grafana can load it, and its panels ask for what there is."""

import itertools
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.observability.promql import OF_REDIS_EXPORTER, exported_series, matchers, metric_names
from tests.support.chart import CHART
from tests.tools.metrics_page import exported_metrics

DOCS = CHART.parent / "docs"
DASHBOARD: dict[str, Any] = json.loads((CHART / "dashboard.json").read_text())
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
GRAPHS = [panel for panel in PANELS if panel["type"] != "row"]
TITLES = {panel["title"] for panel in GRAPHS}
VARIABLES = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
EXPORTED = exported_series()
VARIABLE_LABELS = {"cluster", "namespace", "job", "pod"}
NOT_SHOWN = {
    "kafka_messages_failed_parse": "it is the sum of the dead letters",
    "batch_processing_time": "the same as batch_processing_seconds",
    "ingest_ignored_events": "says what a topic holds, not how the worker is",
    "ingest_clock_disagrees": "an alert; the lead is shown",
    "serve_clock_disagrees": "an alert; the lead is shown",
    "serve_redis_clock_spread_seconds": "the workers' is shown",
    "post_store_user_count": "in post_store_entity_count",
    "post_store_total_posts": "in post_store_entity_count",
    "post_store_deleted_posts": "in post_store_entity_count",
    "get_in_network_posts_excluded_size": "says what callers ask, beside the size of their lists",
    "get_in_network_posts_max_results": "says what callers ask, beside the size of their lists",
    "strato_request_duration_seconds": "the difference of two panels",
    "post_store_posts_returned": "the posts per answer are shown",
    "post_store_posts_returned_ratio": "the posts per answer are shown",
    "get_in_network_posts_found_time_range_seconds": "for those who tune the feed",
    "get_in_network_posts_found_reply_ratio": "for those who tune the feed",
    "get_in_network_posts_found_unique_authors": "for those who tune the feed",
    "get_in_network_posts_found_posts_per_author": "for those who tune the feed",
    "process_virtual_memory_bytes": "the resident memory is shown",
    "process_start_time_seconds": "the time until ready is shown",
}
"""Metrics that no panel shows, and why."""

each_graph = pytest.mark.parametrize("graph", GRAPHS, ids=lambda panel: panel["title"])


def expressions(graph: dict[str, Any]) -> list[str]:
    return [target["expr"] for target in graph["targets"]]


def filled_in(expression: str) -> str:
    """As Grafana sends it, with all namespaces and jobs."""
    return re.sub(r"\$(cluster|namespace|job|pod)", ".*", expression.replace("$__rate_interval", "5m"))


def cells(panel: dict[str, Any]) -> set[tuple[int, int]]:
    place = panel["gridPos"]
    columns = range(place["x"], place["x"] + place["w"])
    return set(itertools.product(columns, range(place["y"], place["y"] + place["h"])))


def test_panels_differ_in_ids_and_titles() -> None:
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    assert len(TITLES) == len(GRAPHS)


def test_panels_stand_side_by_side() -> None:
    taken = [cell for panel in PANELS for cell in cells(panel)]
    assert len(set(taken)) == len(taken), "no two in one place"
    assert {column for column, _ in taken} == set(range(24))


def test_there_is_a_row_for_each_role() -> None:
    assert [panel["title"] for panel in PANELS if panel["type"] == "row"] == [
        "Overview",
        "Servers",
        "Workers: ingest and transform",
        "Sources",
        "Redis (metrics of redis_exporter)",
        "Processes",
    ]


def test_prometheus_understands_what_is_asked(promtool: Path, tmp_path: Path) -> None:
    asked = [filled_in(expression) for graph in GRAPHS for expression in expressions(graph)]
    rules = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(asked)]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    subprocess.run([promtool, "check", "rules", file], check=True)


@each_graph
def test_a_panel_asks_for_metrics_and_labels_that_there_are(graph: dict[str, Any]) -> None:
    for expression in expressions(graph):
        assert metric_names(expression) <= EXPORTED.keys() | OF_REDIS_EXPORTER
        for matcher in matchers(expression):
            if matcher.value != f"${matcher.label}":
                assert set(matcher.value.split("|")) <= EXPORTED[matcher.metric][matcher.label]


@each_graph
def test_a_panel_groups_by_labels_that_there_are(graph: dict[str, Any]) -> None:
    for expression in expressions(graph):
        grouped = {label for labels in re.findall(r"by \(([^)]*)\)", expression) for label in labels.split(", ")}
        known = {label for name in metric_names(expression) & EXPORTED.keys() for label in EXPORTED[name]}
        assert grouped - known <= {*VARIABLE_LABELS, "role", "le", "topic", "partition"}


@each_graph
def test_a_panel_shows_the_namespaces_and_jobs_that_were_chosen(graph: dict[str, Any]) -> None:
    for expression in expressions(graph):
        chosen = [(matcher.label, matcher.value) for matcher in matchers(expression)]
        labels = {"cluster", "namespace"} if metric_names(expression) <= OF_REDIS_EXPORTER else VARIABLE_LABELS
        assert {(label, f"${label}") for label in labels} <= set(chosen)
    assert graph["datasource"]["uid"] == "${datasource}"
    assert VARIABLE_LABELS | {"datasource"} == VARIABLES


def test_every_metric_is_shown_or_on_the_list_of_those_that_are_not() -> None:
    shown = {name for graph in GRAPHS for expression in expressions(graph) for name in metric_names(expression)}
    metrics = {metric.name for metrics in exported_metrics().values() for metric in metrics}
    endings = ("", "_total", "_bucket", "_count", "_sum")
    assert {name for name in metrics if shown.isdisjoint(name + ending for ending in endings)} == NOT_SHOWN.keys()


def test_durations_of_requests_link_to_traces() -> None:
    exemplars = {graph["title"] for graph in GRAPHS for target in graph["targets"] if target.get("exemplar")}
    assert exemplars == {"Request duration", "Durations of requests"}


@pytest.mark.parametrize("runbook", sorted((DOCS / "runbooks").glob("*.md")), ids=lambda path: path.stem)
def test_panels_that_a_runbook_names_are_there(runbook: Path) -> None:
    assert set(re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", runbook.read_text())) <= TITLES
