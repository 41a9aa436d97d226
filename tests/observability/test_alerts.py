"""The alerts: each fires when it should, asks for what there is, and has a page that says what to do."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.observability.promql import OF_REDIS_EXPORTER, exported_series, matchers, metric_names
from tests.support.chart import CHART

ALERTS = CHART / "alerts.yaml"
UNIT_TESTS = Path(__file__).with_name("alerts.yaml")
RUNBOOKS = CHART.parent / "docs" / "runbooks"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]
]
NAMES = {str(rule["alert"]) for rule in RULES}
EXPORTED = exported_series()

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
each_runbook = pytest.mark.parametrize("runbook", sorted(RUNBOOKS.glob("*.md")), ids=lambda path: path.stem)


def test_prometheus_accepts_the_rules(promtool: Path) -> None:
    subprocess.run([promtool, "check", "rules", "--lint=all", "--lint-fatal", ALERTS], check=True)


def test_alerts_fire_when_they_should_and_not_otherwise(promtool: Path) -> None:
    subprocess.run([promtool, "test", "rules", UNIT_TESTS], check=True)


def test_each_alert_is_seen_to_fire_and_to_wait() -> None:
    seen: dict[str, set[bool]] = {}
    for test in yaml.safe_load(UNIT_TESTS.read_text())["tests"]:
        for step in test["alert_rule_test"]:
            seen.setdefault(step["alertname"], set()).add("exp_alerts" in step)
    assert seen == {name: {True, False} for name in NAMES}


@each_rule
def test_an_alert_asks_for_metrics_that_there_are(rule: dict[str, Any]) -> None:
    assert metric_names(rule["expr"]) <= EXPORTED.keys() | OF_REDIS_EXPORTER


@each_rule
def test_an_alert_asks_for_labels_that_there_are(rule: dict[str, Any]) -> None:
    for matcher in matchers(rule["expr"]):
        if matcher.metric in EXPORTED:
            assert set(matcher.value.split("|")) <= EXPORTED[matcher.metric][matcher.label]


@each_rule
def test_an_alert_says_how_bad_it_is_and_what_happens(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["runbook_url"] == f"docs/runbooks/{rule['alert']}.md"


def test_each_alert_has_a_page_and_each_page_an_alert() -> None:
    assert {runbook.stem for runbook in RUNBOOKS.glob("*.md")} == NAMES


@each_runbook
def test_alert_page_has_every_section(runbook: Path) -> None:
    text = runbook.read_text()
    assert text.startswith(f"# {runbook.stem}\n")
    assert text.index("**Meaning.**") < text.index("**Look here**") < text.index("**Do this**")
    assert set(re.findall(r"\]\((\w+)\.md\)", text)) <= NAMES
