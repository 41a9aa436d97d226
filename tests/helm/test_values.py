"""The schema of the values: knows every value there is, and nothing else."""

import copy
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias, cast

import pytest
import yaml
from jsonschema import Draft7Validator

from tests.support.chart import CHART, VALUE_FILES, ChartRefused, render

pytestmark = pytest.mark.timeout(1800)  # the first run builds the tools

Values: TypeAlias = dict[str, Any]

DEFAULTS: Values = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA = Draft7Validator(json.loads((CHART / "values.schema.json").read_text()))
OPEN = (
    *("Annotations", "Labels", "annotations", "labels", "nodeSelector", "affinity", "resources"),
    *("ecurityContext", "behavior", "fallback", "properties"),
)
"""Ends of the names of what is open by nature: maps of the user's, and objects as Kubernetes defines them."""


def tables(values: Values, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every table of the values that the schema closes, the top one included."""
    yield path
    for name, value in values.items():
        if isinstance(value, dict) and not name.endswith(OPEN):
            yield from tables(cast("Values", value), (*path, name))


def merged(values: Values, changes: Values) -> Values:
    """The values that Helm makes of defaults and a file."""
    both = copy.deepcopy(values)
    for name, change in changes.items():
        both[name] = merged(both.get(name, {}), cast("Values", change)) if isinstance(change, dict) else change
    return both


def test_the_defaults_are_valid() -> None:
    assert SCHEMA.is_valid(DEFAULTS)


@pytest.mark.parametrize("values", VALUE_FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_file_of_values_is_valid(values: Path) -> None:
    SCHEMA.validate(merged(DEFAULTS, yaml.safe_load(values.read_text())))


@pytest.mark.parametrize("path", list(tables(DEFAULTS)), ids=lambda path: ".".join(path) or "top")
def test_a_misspelt_value_is_refused_wherever_it_stands(path: tuple[str, ...]) -> None:
    values = copy.deepcopy(DEFAULTS)
    table = values
    for name in path:
        table = table[name]
    table["misspelt"] = 1
    assert not SCHEMA.is_valid(values)


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("serve.replica=3", "'replica' not allowed"),
        ("serve.settings.max_concurent_requests=3", "'max_concurent_requests' not allowed"),
        ("serve.settings.max_concurrent_requests=0", "minimum"),
        ("ingest.settings.grpc_port=50051", "'grpc_port' not allowed"),
        ("serve.settings.grpc_port=0", "minimum"),
        ("settings.log_format=xml", "'text', 'json'"),
        ("settings.redis_url=redis://redis", "'redis_url' not allowed"),
        ("settings.kafka_sasl_password=secret", "'kafka_sasl_password' not allowed"),
        ("redis.url=http://redis", "does not match pattern"),
        ("image.digest=latest", "does not match pattern"),
    ],
)
def test_helm_says_what_is_wrong(helm_version: Path, value: str, complaint: str) -> None:
    with pytest.raises(ChartRefused) as refusal:
        render(helm_version, "--set", value)
    assert complaint in str(refusal.value)


def test_the_chart_is_of_the_version_of_the_package() -> None:
    package = tomllib.loads((CHART.parent / "pyproject.toml").read_text())["project"]["version"]
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == package
