"""Writes a plan as values for the chart: one release for each store."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from thunder.plan.demand import Demand
from thunder.plan.sizing import Sizing

Values: TypeAlias = Mapping[str, "Values | str | int"]


def values_of(demand: Demand, plan: Sizing) -> Values:
    """The values that differ from the defaults of the chart."""
    return {
        "settings": {
            "author_buckets": plan.buckets,
            "post_hashes": plan.store.post_hashes,
            "post_retention_seconds": demand.retention_seconds,
            "kafka_tweet_events_v2_num_partitions": plan.partitions,
        },
        "serve": {"replicas": plan.servers, "resources": {"requests": {"cpu": "1"}}},
        "ingest": {"replicas": plan.worker.workers, "resources": {"requests": {"cpu": "1"}}},
        "topics": {"settings": {"partitions": plan.partitions}},
    }


def yaml_lines(values: Values, indent: str = "") -> Iterator[str]:
    """The lines of a file of values; words are written as JSON writes them."""
    for name, value in values.items():
        if not isinstance(value, str | int):
            yield f"{indent}{name}:"
            yield from yaml_lines(value, indent + "  ")
        else:
            yield f"{indent}{name}: " + (f'"{value}"' if isinstance(value, str) else str(value))
