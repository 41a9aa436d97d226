"""The Grafana dashboard: Grafana can load it, and its panels ask for what there is."""

import itertools
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.observability.promql import exported_series, matchers, metric_names
from tests.support.chart import CHART

DOCS = CHART.parent / "docs"
DASHBOARD: dict[str, Any] = json.loads((CHART / "dashboard.json").read_text())
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
GRAPHS = [panel for panel in PANELS if panel["type"] != "row"]
TITLES = {panel["title"] for panel in GRAPHS}
VARIABLES = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
EXPORTED = exported_series()
SHOWN_OTHERWISE = {"kafka_messages_failed_parse_total"}  # it is the sum of the dead letters

each_graph = pytest.mark.parametrize("graph", GRAPHS, ids=lambda panel: panel["title"])


def expressions(graph: dict[str, Any]) -> list[str]:
    return [target["expr"] for target in graph["targets"]]


def filled_in(expression: str) -> str:
    """As Grafana sends it, with all namespaces and jobs."""
    return re.sub(r"\$(namespace|job)", ".*", expression.replace("$__rate_interval", "5m"))


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
        assert metric_names(expression) <= EXPORTED.keys()
        for matcher in matchers(expression):
            if matcher.value not in ("$namespace", "$job"):
                assert set(matcher.value.split("|")) <= EXPORTED[matcher.metric][matcher.label]


@each_graph
def test_a_panel_shows_the_namespaces_and_jobs_that_were_chosen(graph: dict[str, Any]) -> None:
    for expression in expressions(graph):
        chosen = [(matcher.label, matcher.value) for matcher in matchers(expression)]
        assert {("namespace", "$namespace"), ("job", "$job")} <= set(chosen)
    assert graph["datasource"]["uid"] == "${datasource}"
    assert {"datasource", "namespace", "job"} == VARIABLES


def test_every_failure_that_is_counted_is_shown() -> None:
    shown = {name for graph in GRAPHS for expression in expressions(graph) for name in metric_names(expression)}
    counted = {name for name in EXPORTED if re.search("fail|error|timeouts|rejected|dead|dropped|held|lag", name)}
    assert counted - shown == SHOWN_OTHERWISE


@pytest.mark.parametrize("runbook", sorted((DOCS / "runbooks").glob("*.md")), ids=lambda path: path.stem)
def test_panels_that_a_runbook_names_are_there(runbook: Path) -> None:
    assert set(re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", runbook.read_text())) <= TITLES
