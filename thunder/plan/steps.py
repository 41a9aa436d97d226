"""Writes a plan as lines: each number with the arithmetic that it comes from."""

from collections.abc import Iterator
from typing import NamedTuple

from thunder.plan.costs import Costs
from thunder.plan.demand import Demand
from thunder.plan.sizing import (
    BUSY,
    KAFKA_MARGIN_SECONDS,
    KAFKA_REPLICAS,
    MASTER_BYTES,
    MEMORY_MARGIN,
    REFILL_SECONDS,
    WORKER_BUSY,
    WORKER_CONNECTIONS,
    Sizing,
)


class Step(NamedTuple):
    """A line of a plan."""

    name: str
    arithmetic: str
    value: str


def steps_of(demand: Demand, costs: Costs, plan: Sizing) -> list[Step]:
    """The lines, in the order in which each builds on the ones before."""
    return [
        *_store_steps(demand, costs, plan),
        *_request_steps(demand, costs, plan),
        *_master_steps(demand, costs, plan),
        *_worker_steps(demand, costs, plan),
        *_network_steps(demand, costs, plan),
    ]


def _store_steps(demand: Demand, costs: Costs, plan: Sizing) -> Iterator[Step]:
    store, memory = plan.store, costs.memory
    rate, seconds = f"{demand.posts_per_second:,g} posts/s", f"{demand.retention_seconds:,} s"
    yield Step("posts stored", f"{rate} x {seconds}", f"{store.posts:,}")
    of_random = f"of {demand.authors:,}, at random: 1 - e^-(posts / authors)"
    yield Step("authors with posts", of_random, f"{store.writing_authors:,}")
    per_hash = f"{store.posts:,} / 60 a hash, up to a power of two"
    yield Step("post_hashes", per_hash, f"{store.post_hashes:,}, {store.posts / store.post_hashes:.0f} posts each")
    of_authors = f"authors x {memory.author_bytes:.0f} B + hashes x {memory.hash_bytes:.0f} B"
    sizes = f"posts x {memory.post_bytes:.1f} B + {of_authors}"
    yield Step("data of a store", sizes, in_bytes(store.data_bytes))
    copies = 1 + demand.replicas
    margin = f"data x {MEMORY_MARGIN} for forks and peaks x {copies} copies x {demand.stores} stores"
    yield Step("memory of Redis", margin, in_bytes(store.data_bytes * MEMORY_MARGIN * copies * demand.stores))


def _request_steps(demand: Demand, costs: Costs, plan: Sizing) -> Iterator[Step]:
    shape, redis, server = plan.load.shape, costs.redis, costs.server
    asked = f"{demand.follows:,} follows, {demand.results:,} results"
    reads = f"{shape.lists:,.0f} lists, {shape.entries:,.0f} entries, {shape.records:,.0f} parents"
    yield Step("a request reads", asked, reads)
    rounds = f"two rounds or more, each to every master that has one of these (of {plan.masters})"
    yield Step("in pipelines", rounds, f"{shape.pipelines:,.0f}")
    terms = (
        f"{redis.pipeline_us:.1f} us x {shape.pipelines:,.0f} + {redis.list_us:.2f} x {shape.lists:,.0f} + "
        f"{redis.entry_us:.2f} x {shape.entries:,.0f} + {redis.record_us:.2f} x {shape.records:,.0f}"
    )
    yield Step("Redis per request", terms, in_time(plan.load.request_us))
    terms = (
        f"{server.request_us:.0f} us + {server.pipeline_us:.1f} x {shape.pipelines:,.0f} + {server.list_us:.2f} x "
        f"{shape.lists + shape.records:,.0f} + {server.entry_us:.2f} x {shape.entries:,.0f} + {server.result_us:.2f} x "
        f"{shape.results:,.0f}"
    )
    yield Step("server per request", terms, in_time(plan.server_us))


def _master_steps(demand: Demand, costs: Costs, plan: Sizing) -> Iterator[Step]:
    load, rate = plan.load, f"{demand.requests_per_store:,g} requests/s"
    if demand.stores > 1:
        shared = f"{demand.requests_per_second:,g} requests/s / {demand.stores} stores, each with every post"
        yield Step("requests of a store", shared, f"{demand.requests_per_store:,g}/s")
    yield Step("cores: reads", f"{rate} x {in_time(load.request_us)}", f"{load.reads:,.2f}")
    posts = f"{demand.posts_per_second:,g} posts/s x {in_time(load.post_us)}"
    yield Step("cores: writes", posts, f"{load.writes:,.2f}")
    marks = f"{plan.worker.workers} workers x {plan.buckets:,} buckets x {costs.redis.mark_us:.0f} us a second"
    yield Step("cores: marks", marks, f"{load.marks:,.2f}")
    by_cpu = f"{load.cores:,.1f} cores / {BUSY}"
    by_memory = f"{in_bytes(plan.store.data_bytes * MEMORY_MARGIN)} / {in_bytes(MASTER_BYTES)}"
    yield Step("masters of a store", f"the larger of {by_cpu} and {by_memory}; the fullest fits", f"{plan.masters:,}")
    yield Step("memory of each", "x 1 / masters, of the fullest", in_bytes(plan.master_bytes))
    spread = f"{plan.buckets / plan.masters:.0f} per master; the fullest has {plan.fullest:.2f} of the average"
    yield Step("author_buckets", spread, f"{plan.buckets:,}")
    servers = f"{rate} x {in_time(plan.server_us)} / {BUSY}, one core each"
    yield Step("servers of a store", servers, f"{plan.servers:,}")


def _worker_steps(demand: Demand, costs: Costs, plan: Sizing) -> Iterator[Step]:
    worker = plan.worker
    cluster = f"{costs.worker.cluster_us:.1f} us in a cluster + {costs.worker.call_us:.1f} us a script call"
    further = f"{costs.worker.pipeline_us:.0f} us a further master, by 1,000 posts"
    writes = f"{costs.worker.event_us:.1f} us" + (f" + {cluster} + {further}" if plan.masters > 1 else "")
    yield Step("worker per event", writes, in_time(worker.event_us))
    free = f"({WORKER_BUSY} - {worker.mark_cores:.2f} for marks), two at least"
    needed = f"{demand.posts_per_second:,g} events/s x {in_time(worker.event_us)} / {free}"
    yield Step("workers of a store", needed, f"{worker.workers:,}")
    refill = f"workers that fill it again in {REFILL_SECONDS // 60} min, a multiple of 12"
    yield Step("partitions", refill, f"{plan.partitions:,}")
    fastest = (
        f"{plan.store.posts:,} posts by {plan.partitions} workers, {worker.refill_rate:,.0f} posts/s each, if Redis can"
    )
    yield Step("refill of a store", fastest, f"{plan.refill_seconds / 60:,.1f} min")


def _network_steps(demand: Demand, costs: Costs, plan: Sizing) -> Iterator[Step]:
    shape, wire = plan.load.shape, costs.wire
    commands = f"{shape.lists + shape.records:,.0f} commands x {wire.command_bytes:.0f} B"
    entries = f"{shape.entries:,.0f} entries x {wire.entry_bytes:.0f} B"
    yield Step("network of a master", f"{commands} + {entries}", f"{in_bytes(plan.master_network)}/s")
    ids = f"{demand.follows:,} ids x {wire.request_bytes:.0f} B"
    answers = f"that + {ids} + {shape.results:,.0f} posts x {wire.result_bytes:.0f} B"
    yield Step("network of a server", answers, f"{in_bytes(plan.server_network)}/s")
    workers = f"{plan.partitions} workers x {WORKER_CONNECTIONS}"
    clients = f"{plan.servers:,} servers + {workers} + {demand.replicas} replicas"
    yield Step("connections of a master", clients, f"{plan.connections:,}")
    yield Step("connections of a server", f"{plan.masters:,} masters, and its callers", f"{plan.masters:,}")
    events = f"{demand.posts_per_second:,g} events/s x {wire.event_bytes:.0f} B"
    kept = f"({demand.retention_seconds:,} + {KAFKA_MARGIN_SECONDS:,} s)"
    yield Step("disk of Kafka", f"{events} x {kept} x {KAFKA_REPLICAS} replicas", in_bytes(plan.kafka_bytes))
    readers = f"({KAFKA_REPLICAS} replicas + {demand.stores} groups)"
    yield Step("network of Kafka", f"{events} x {readers}", f"{in_bytes(plan.kafka_network)}/s")


def in_bytes(number: float) -> str:
    """The number in the unit that suits it: 850 B, 5.8 GB."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if number < 999.5 or unit == "TB":
            return f"{number:,.0f} {unit}" if number >= 99.5 or unit == "B" else f"{number:,.1f} {unit}"
        number /= 1000
    raise AssertionError


def in_time(microseconds: float) -> str:
    """The time in the unit that suits it: 16.5 us, 1.30 ms."""
    return f"{microseconds:.1f} us" if microseconds < 999.5 else f"{microseconds / 1000:.2f} ms"
