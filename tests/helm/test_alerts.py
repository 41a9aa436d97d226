"""The chart's alerts ask for metrics that there are."""

import re
from typing import Any

import pytest
import yaml

from tests.support.chart import CHART
from thunder.metrics_table import metrics_table

RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((CHART / "alerts.yaml").read_text())["groups"] for rule in group["rules"]
]
EXPORTED = set(re.findall(r"^\| `(\w+)", metrics_table(), re.MULTILINE))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_metrics_that_there_are(rule: dict[str, Any]) -> None:
    words = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", rule["expr"])) - {"histogram_quantile"}
    assert words
    assert {re.sub("_(bucket|sum|count)$", "", word) for word in words} <= EXPORTED


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_how_bad_it_is_and_what_happens(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert rule["annotations"]["summary"]
