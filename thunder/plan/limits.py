"""Finds the limit that an installation reaches first, and its remedy."""

from typing import NamedTuple

from thunder.plan.buckets import MOST_BUCKETS
from thunder.plan.costs import Costs
from thunder.plan.demand import Demand
from thunder.plan.reads import masters_touched
from thunder.plan.sizing import (
    LIST_CAP,
    MASTER_BYTES,
    MEMORY_MARGIN,
    MOST_POST_HASHES,
    WORKER_BUSY,
    WRITE_STEPS,
    Sizing,
    live_batch,
)

CLUSTER_NODES = 1000
"""Most nodes, replicas included, that Redis recommends for a cluster."""

POSTS_IN_A_HASH = 512
"""Above it a hash leaves the compact encoding (hash-max-listpack-entries)."""

CLIENTS = 10_000
"""maxclients of Redis by default."""

NETWORK = 10e9 / 8 * 0.6
"""Bytes per second of 10 Gbit/s, at 60 %."""

FEWEST_BUCKETS_PER_MASTER = 16
"""Below it the fullest master holds a fifth more than the others."""

HOT_SHARE = 0.2
"""Share of viewers that follow one author, at the most."""

ROUND_TRIP_SECONDS = 0.0003
FRESH_SECONDS = 0.5
"""Time in which a post should be visible."""

BYTES_PER_REQUEST = 64 * 2**20
ENTRY_BYTES = 96

_STORES = "more stores side by side (--stores), each with every post, that share the requests"


class Limit(NamedTuple):
    """A limit of one kind, and how much of it the plan uses, in the same unit."""

    name: str
    used: float
    most: float
    unit: str
    remedy: str

    @property
    def headroom(self) -> float:
        """Factor by which the use may grow; below 1 the limit is exceeded."""
        return self.most / self.used


def plan_limits(demand: Demand, costs: Costs, plan: Sizing) -> list[Limit]:
    """All limits, the one that is reached first in front."""
    return sorted((*_redis_limits(demand, costs, plan), *_other_limits(demand, plan)), key=lambda limit: limit.headroom)


def _redis_limits(demand: Demand, costs: Costs, plan: Sizing) -> list[Limit]:
    busy = plan.load.cores * plan.fullest / plan.masters
    depth = plan.load.shape.entries / max(1.0, plan.load.shape.lists)
    hot = HOT_SHARE * demand.requests_per_store * (costs.redis.list_us + depth * costs.redis.entry_us) / 1e6
    per_hash = plan.store.posts / plan.store.post_hashes
    hashes = f"a shorter retention: post_hashes is at most {MOST_POST_HASHES:,}"
    if plan.store.post_hashes < MOST_POST_HASHES:
        hashes = "blue/green with more post_hashes"
    return [
        Limit("CPU of the fullest master", busy, 1.0, "cores", "more masters, while buckets and fan-out allow it"),
        Limit("memory of a master", plan.master_bytes / MEMORY_MARGIN, MASTER_BYTES, "B", "more masters"),
        Limit("nodes of a cluster", plan.masters * (1 + demand.replicas), CLUSTER_NODES, "nodes", _STORES),
        Limit("masters for the buckets", plan.masters, MOST_BUCKETS // FEWEST_BUCKETS_PER_MASTER, "masters", _STORES),
        Limit("posts in a hash", per_hash, POSTS_IN_A_HASH, "posts", hashes),
        Limit(
            "connections of a master", plan.connections, CLIENTS, "connections", f"a higher maxclients, or {_STORES}"
        ),
        Limit("network of a master", plan.master_network, NETWORK, "B/s", "more masters"),
        Limit(f"an author whom {HOT_SHARE:.0%} of viewers follow", hot, 1.0, "cores of his master", _STORES),
    ]


def _other_limits(demand: Demand, plan: Sizing) -> list[Limit]:
    read = plan.load.shape.entries * ENTRY_BYTES
    write = WRITE_STEPS * masters_touched(plan.masters, live_batch(demand.posts_per_second)) * ROUND_TRIP_SECONDS
    own = plan.store.posts / demand.authors
    return [
        Limit("time of a write, one master after the other", write, FRESH_SECONDS, "s", _STORES),
        Limit("marks of a worker", plan.worker.mark_cores, WORKER_BUSY, "cores", _STORES),
        Limit("posts of an author", own, LIST_CAP, "posts", "none: the store keeps the newest 5,000 of an author"),
        Limit("bytes that a request reads", read, BYTES_PER_REQUEST, "B", "a higher max_bytes_per_request"),
        Limit("network of a server", plan.server_network, NETWORK, "B/s", "more servers"),
    ]
