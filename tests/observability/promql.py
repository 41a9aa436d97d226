"""Reads the metrics and labels of a PromQL expression, as far as the rules and panels of this repository go."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from tests.tools.metrics_page import exported_metrics

_WORDS = {"and", "or", "unless", "bool"}
_OF_PROMETHEUS = {"up"}
OF_REDIS_EXPORTER = {
    "redis_memory_used_bytes",
    "redis_memory_max_bytes",
    "redis_cpu_user_seconds_total",
    "redis_cpu_sys_seconds_total",
    "redis_commands_processed_total",
}
"""Metrics of redis_exporter that rules and panels read."""

_SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


class Matcher(NamedTuple):
    """One condition of a selector, such as since="kafka"."""

    metric: str
    label: str
    operator: str
    value: str


def metric_names(expression: str) -> set[str]:
    """Names of the series that it reads."""
    text = re.sub(r"\{[^}]*\}|\[[^]]*\]|\"[^\"]*\"", "", expression)
    text = re.sub(r"\b(?:by|without|on|ignoring|group_left|group_right) ?\([^)]*\)", "", text)
    return set(re.findall(r"\b[a-z_][a-z0-9_]*\b(?!\s*\()", text)) - _WORDS - _OF_PROMETHEUS


def matchers(expression: str) -> Iterator[Matcher]:
    """Conditions of its selectors."""
    for metric, conditions in re.findall(r"(\w+)\{([^}]*)\}", expression):
        for label, operator, value in re.findall(r"(\w+)(=~|!~|!=|=)\"([^\"]*)\"", conditions):
            yield Matcher(metric, label, operator, value)


def exported_series() -> dict[str, dict[str, set[str]]]:
    """Each name that a role exports, with its labels and the values that they have from the start."""
    series: dict[str, dict[str, set[str]]] = {}
    for metric in (metric for metrics in exported_metrics().values() for metric in metrics):
        for suffix in _SUFFIXES[metric.type]:
            labels = series.setdefault(f"{metric.name}{suffix}", {})
            for sample in metric.samples:
                for label, value in sample.labels.items():
                    labels.setdefault(label, set()).add(value)
    return series
