"""The chart's schema of its values knows every setting of every role, and shows them as settings."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tools.chart_schema import Json, chart_definitions, laid_out, prefixed_variables, with_settings

SCHEMA = Path(__file__).parents[3] / "helm" / "values.schema.json"


def properties(definition: str) -> dict[str, Any]:
    return chart_definitions()[definition]["properties"]


def test_the_schema_of_the_values_is_up_to_date() -> None:
    schema = SCHEMA.read_text()
    now = laid_out(with_settings(json.loads(schema))) + "\n"
    assert schema == now, "run python -m tests.tools.chart_schema helm/values.schema.json"


def test_the_prefixed_variables_are_up_to_date() -> None:
    assert SCHEMA.with_name("variables.yaml").read_text() == prefixed_variables()


def test_a_setting_keeps_its_limits_and_what_it_is() -> None:
    settings = properties("settings")
    assert settings["author_buckets"] == {
        "description": "number of author buckets; fixed when the store is created",
        "type": "integer",
        "minimum": 1,
        "maximum": 16384,
    }
    assert settings["log_format"] == {
        "description": "format of the log lines",
        "type": "string",
        "enum": ["text", "json"],
    }


def test_optional_setting_is_left_out_rather_than_null() -> None:
    assert properties("settings")["qps_limit"]["type"] == "integer"


def test_a_role_knows_its_own_settings_only() -> None:
    assert "grpc_port" in properties("settings.serve")
    assert "grpc_port" not in properties("settings.ingest")


def test_secrets_are_no_settings_of_the_chart() -> None:
    assert not properties("settings").keys() & {"redis_url", "kafka_sasl_password", "producer_sasl_password"}


@pytest.mark.parametrize("value", [{}, [], {"a": [1, 2]}, {"a" * 70: ["b" * 70, {"c": None}]}, [True, 0.5, "text"]])
def test_the_layout_changes_no_value(value: Json) -> None:
    assert json.loads(laid_out(value)) == value


def test_the_layout_breaks_what_does_not_fit_on_a_line() -> None:
    assert laid_out({"a": "b" * 115, "c": [1, 2]}) == '{\n  "a": "' + "b" * 115 + '",\n  "c": [1, 2]\n}'
