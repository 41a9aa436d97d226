"""Formats a plan: lines for people, an object for programs, values for the chart. Pure."""

import textwrap
from collections.abc import Sequence

from thunder.cli.text import columns
from thunder.plan.buckets import slot_ranges
from thunder.plan.chart import values_of, yaml_lines
from thunder.plan.costs import Costs
from thunder.plan.demand import Demand
from thunder.plan.limits import Limit
from thunder.plan.sizing import Sizing
from thunder.plan.steps import Step, in_bytes, steps_of

_WIDTH = 110
_SHOWN_LIMITS = 3


def plan_lines(demand: Demand, costs: Costs, plan: Sizing, limits: Sequence[Limit]) -> list[str]:
    """The arithmetic, the result, and what breaks first."""
    return [
        f"Costs: {costs.origin}. Posts are of random authors, and lists as long as requests ask for.",
        "",
        *step_lines(steps_of(demand, costs, plan)),
        "",
        *summary_lines(demand, plan),
        "",
        *limit_lines(limits),
    ]


def step_lines(steps: Sequence[Step]) -> list[str]:
    """Each step as name, arithmetic and value, the values aligned."""
    name, value = (max(len(step[field]) for step in steps) for field in (0, 2))
    room = _WIDTH - name - value - 5
    lines: list[str] = []
    for step in steps:
        *first, last = textwrap.wrap(step.arithmetic, room)
        names = [step.name, *[""] * len(first)]
        lines += [f"{title:{name}}  {text}" for title, text in zip(names, first, strict=False)]
        lines.append(f"{names[-1]:{name}}  {last:{room}} = {step.value}")
    return lines


def summary_lines(demand: Demand, plan: Sizing) -> list[str]:
    """The machines and settings to install."""
    cluster = f"cluster of {plan.masters:,} masters" if plan.masters > 1 else "one master"
    nodes = f"{demand.replicas} replica(s) each: {plan.masters * (1 + demand.replicas):,} nodes"
    rows = {
        "Redis": f"{cluster}, each with {in_bytes(plan.master_bytes)} and one core; {nodes}",
        "settings": f"author_buckets {plan.buckets:,}, post_hashes {plan.store.post_hashes:,}",
        "servers": f"{plan.servers:,} of one core",
        "workers": f"{plan.worker.workers:,} of one core",
        "Kafka": f"a topic of {plan.partitions:,} partitions, {in_bytes(plan.kafka_bytes)} of disk",
    }
    if plan.masters > 1:
        rows["slots"] = f"those that --json lists: equal ranges spread {plan.buckets:,} buckets less evenly"
    title = f"Install {demand.stores} stores, each with every post:" if demand.stores > 1 else "Install:"
    return [title, *columns(rows)]


def limit_lines(limits: Sequence[Limit]) -> list[str]:
    """The limits that are reached first, and their remedies."""
    exceeded = [limit for limit in limits if limit.headroom < 1]
    shown = max(len(exceeded), _SHOWN_LIMITS)
    return ["What breaks first:", *(f"  {limit_text(limit)}" for limit in limits[:shown])]


def limit_text(limit: Limit) -> str:
    """One limit in words."""
    at = f"at {limit.headroom:,.2g} times this use" if limit.headroom >= 1 else "exceeded"
    used = f"{_amount(limit.used, limit.unit)} of {_amount(limit.most, limit.unit)}"
    return f"{limit.name}: {at} ({used}); remedy: {limit.remedy}"


def plan_as_json(demand: Demand, costs: Costs, plan: Sizing, limits: Sequence[Limit]) -> dict[str, object]:
    """The plan as an object. Numbers are those of one store, but for the totals and Kafka."""
    each = {"masters": plan.masters, "servers": plan.servers, "workers": plan.worker.workers}
    copies = demand.stores * (1 + demand.replicas)
    return {
        **each,
        "stores": demand.stores,
        "posts": plan.store.posts,
        "authors_with_posts": plan.store.writing_authors,
        "author_buckets": plan.buckets,
        "post_hashes": plan.store.post_hashes,
        "slots": [list(found) for found in slot_ranges(plan.buckets, plan.masters)],
        "fullest_master": round(plan.fullest, 4),
        "data_bytes": round(plan.store.data_bytes),
        "master_bytes": round(plan.master_bytes),
        "memory_bytes": round(plan.master_bytes / plan.fullest * plan.masters * copies),
        "partitions": plan.partitions,
        "refill_seconds": round(plan.refill_seconds, 1),
        "redis_us_per_request": round(plan.load.request_us, 1),
        "redis_us_per_post": round(plan.load.post_us, 2),
        "redis_cores": round(plan.load.cores, 3),
        "server_us_per_request": round(plan.server_us, 1),
        "worker_us_per_event": round(plan.worker.event_us, 2),
        "master_network_bytes_per_second": round(plan.master_network),
        "server_network_bytes_per_second": round(plan.server_network),
        "master_connections": plan.connections,
        "server_connections": plan.masters,
        "kafka_disk_bytes": round(plan.kafka_bytes),
        "kafka_network_bytes_per_second": round(plan.kafka_network),
        "total": {**{name: number * demand.stores for name, number in each.items()}, "nodes": plan.masters * copies},
        "breaks_first": [limit._asdict() | {"headroom": round(limit.headroom, 3)} for limit in limits],
        "arithmetic": [step._asdict() for step in steps_of(demand, costs, plan)],
        "costs": {name: part if isinstance(part, str) else part._asdict() for name, part in costs._asdict().items()},
    }


def values_lines(demand: Demand, plan: Sizing, limits: Sequence[Limit]) -> list[str]:
    """A file of values for each store's release, with what values cannot hold as comments."""
    comments = [
        f"For each of {demand.stores} stores, as a release of its own." if demand.stores > 1 else "",
        f"Redis: {plan.masters} masters with maxmemory {round(plan.master_bytes)} and maxmemory-policy noeviction.",
        *(f"Exceeded: {limit_text(limit)}" for limit in limits if limit.headroom < 1),
    ]
    return [*(f"# {comment}" for comment in comments if comment), *yaml_lines(values_of(demand, plan))]


def _amount(number: float, unit: str) -> str:
    if unit.startswith("B"):
        return in_bytes(number) + unit[1:]
    return f"{number:,.2f} {unit}" if number < 10 else f"{number:,.0f} {unit}"
