"""Writes what helm/values.schema.json knows of the settings: python -m tests.tools.chart_schema FILE.

It writes the definitions whose names begin with "settings" into the file, and leaves the rest of it as it is.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from common.settings.ingest import IngestSettings, TransformSettings
from common.settings.serve import ServeSettings
from common.settings.source import BlueskySettings, SyntheticSettings, WikipediaSettings
from common.settings.types import Settings

Schema: TypeAlias = dict[str, Any]
Json: TypeAlias = dict[str, "Json"] | list["Json"] | str | float | bool | None

CHART_ROLES: Mapping[str, type[Settings]] = {
    "serve": ServeSettings,
    "ingest": IngestSettings,
    "transform": TransformSettings,
    "bluesky": BlueskySettings,
    "wikipedia": WikipediaSettings,
    "synthetic": SyntheticSettings,
}
"""What the chart runs."""

GIVEN_OTHERWISE = frozenset(
    {
        "redis_url",  # redis.url, or a Secret
        "in_network_events_consumer_dest",  # kafka.brokers
        "kafka_group_instance_id",  # staticMembership
        "health_port",  # serve.tls
        # Secrets, and files of Secrets
        "kafka_sasl_password",
        "producer_sasl_password",
        "ssl_ca_location",
        "ssl_certificate_location",
        "ssl_key_location",
        "redis_tls_ca",
        "redis_tls_certificate",
        "redis_tls_key",
        "grpc_tls_certificate",
        "grpc_tls_key",
        "grpc_tls_client_ca",
        "grpc_tokens_file",
    }
)
"""Settings that the chart gives by itself, from other values."""

BY_HAND = frozenset({"rebuild", "replay", "move_times", "json"})
"""Settings for one run that somebody watches: a pod would come back to them at every restart."""

_KEPT = ("description", "type", "enum", "minimum", "exclusiveMinimum", "maximum", "minLength")
_WIDTH = 118


def chart_definitions() -> Schema:
    """Every setting that the values may hold, and for each role the names that it knows."""
    known = {name: _settings_of(role) for name, role in CHART_ROLES.items()}
    everything = {name: schema for settings in known.values() for name, schema in settings.items()}
    references = {name: {"$ref": f"#/definitions/settings/properties/{name}"} for name in everything}
    of_roles = {
        f"settings.{role}": _closed({name: references[name] for name in settings}) for role, settings in known.items()
    }
    return {"settings": _closed(everything)} | of_roles


def with_settings(values_schema: Schema) -> Schema:
    """The schema of the values with the definitions of today."""
    others = {
        name: schema for name, schema in values_schema["definitions"].items() if name.partition(".")[0] != "settings"
    }
    return values_schema | {"definitions": others | chart_definitions()}


def laid_out(value: Json, indent: int = 0) -> str:
    """JSON in which whatever fits on a line stands on one."""
    line = json.dumps(value)
    if len(line) + indent <= _WIDTH or not isinstance(value, dict | list):
        return line
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        entries = [f"{json.dumps(name)}: {laid_out(entry, indent + 2)}" for name, entry in value.items()]
    else:
        entries = [laid_out(entry, indent + 2) for entry in value]
    brackets = "{}" if isinstance(value, dict) else "[]"
    return f"{brackets[0]}\n{inner}" + f",\n{inner}".join(entries) + f"\n{' ' * indent}{brackets[1]}"


def _settings_of(role: type[Settings]) -> dict[str, Schema]:
    model = role.model_json_schema()
    return {
        name: _plain(schema, model.get("$defs", {}))
        for name, schema in model["properties"].items()
        if name not in GIVEN_OTHERWISE | BY_HAND
    }


def _plain(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """A setting as somebody who writes it sees it: what may be absent is left out, not null."""
    for option in schema.get("anyOf", ()):
        if option.get("type") != "null":
            schema = option | schema
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]] | schema
    return {key: schema[key] for key in _KEPT if key in schema}


def _closed(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": dict(sorted(properties.items()))}


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(laid_out(with_settings(json.loads(path.read_text()))) + "\n")
