"""Sizes an installation: the smallest numbers that carry a demand with the margins below.

A greater demand never makes a smaller plan: each number is the least that fits, and no cost falls as demand grows.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

from common.store.keys import DEFAULT_POST_HASHES
from thunder.plan.buckets import SLOTS, buckets_for, fullest_share
from thunder.plan.costs import Costs
from thunder.plan.demand import Demand
from thunder.plan.reads import ReadShape, masters_touched, read_shape

BUSY = 0.6
"""Share of a core in use at the peak: the rest is for failovers, and for peaks within a second."""

WORKER_BUSY = 0.4
"""The same for a worker, which must catch up beside what comes in."""

MEMORY_MARGIN = 1.5
"""Memory per byte of data: forks, fragmentation, peaks."""

MASTER_BYTES = 16 * 2**30
"""Largest memory of a master: a larger one forks and synchronises its replicas for long."""

POSTS_PER_HASH = 60
MOST_POST_HASHES = 2**24
"""Limit of the setting post_hashes."""

LIST_CAP = 5000
"""Posts that the store keeps of an author."""

REFILL_SECONDS = 1800
"""Time in which workers, one per partition, can fill the store again."""

FEWEST_PARTITIONS = 12
KAFKA_REPLICAS = 3
KAFKA_MARGIN_SECONDS = 86_400
"""Retention of the topic beyond that of posts."""

BATCHES_PER_SECOND = 100
"""Batches that workers write at least while posts come in."""

FULL_BATCH = 1000
CATCH_UP_BATCH = 5000
POSTS_PER_CALL = 128
WRITE_STEPS = 2
WORKER_CONNECTIONS = 6
"""Connections of a worker to each master."""


_STORES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
_SIMPLER = 1.2
"""Machines that one store less may cost, as a factor."""


def _numbers_of_masters() -> Iterator[int]:
    """One, or three and more: a cluster has three at least. Larger numbers are rounded up by 2 % at most."""
    masters = 1
    while masters < SLOTS:
        yield masters
        masters = max(3, masters + 1, masters * 51 // 50)


_MASTERS = tuple(_numbers_of_masters())


class StoreSize(NamedTuple):
    """One store: what it holds, and its counts."""

    posts: int
    writing_authors: int  # authors with a post within the retention
    data_bytes: float
    post_hashes: int


class MasterLoad(NamedTuple):
    """CPU of all masters of a store, in cores, and what it consists of."""

    shape: ReadShape
    request_us: float
    post_us: float
    reads: float
    writes: float
    marks: float

    @property
    def cores(self) -> float:
        """The sum."""
        return self.reads + self.writes + self.marks


class WorkerLoad(NamedTuple):
    """Workers of a store and what an event costs one; refill_rate: events per second of one that only catches up."""

    event_us: float
    mark_cores: float  # of each worker
    workers: int
    refill_rate: float


class Sizing(NamedTuple):
    """Sizes of one store and of what is around it; servers, requests and bytes per second are those of one store."""

    store: StoreSize
    masters: int
    buckets: int
    fullest: float  # buckets of the fullest master, as a multiple of the average
    load: MasterLoad
    master_bytes: float  # memory of each master
    worker: WorkerLoad
    partitions: int
    refill_seconds: float
    server_us: float
    servers: int
    master_network: float  # bytes per second of the fullest
    server_network: float
    connections: int  # of each master
    kafka_bytes: float
    kafka_network: float


def size_installation(demand: Demand, costs: Costs) -> Sizing:
    """The plan of each store of a demand."""
    store = size_store(demand, costs)
    masters = fewest_masters(demand, costs, store)
    buckets, load = buckets_for(masters), load_of_masters(demand, costs, masters)
    fullest = fullest_share(buckets, masters)
    worker = load_of_workers(demand, costs, masters)
    partitions = partitions_for(store.posts, worker)
    shape = load.shape
    server_us = costs.server.of_request(shape)
    servers = max(2, math.ceil(demand.requests_per_store * server_us / 1e6 / BUSY))
    asked, replied = (shape.lists + shape.records) * costs.wire.command_bytes, shape.entries * costs.wire.entry_bytes
    called = demand.follows * costs.wire.request_bytes + shape.results * costs.wire.result_bytes
    event_bytes = demand.posts_per_second * costs.wire.event_bytes
    return Sizing(
        store=store,
        masters=masters,
        buckets=buckets,
        fullest=fullest,
        load=load,
        master_bytes=store.data_bytes * MEMORY_MARGIN * fullest / masters,
        worker=worker,
        partitions=partitions,
        refill_seconds=store.posts / min(partitions * worker.refill_rate, masters * 1e6 / load.post_us),
        server_us=server_us,
        servers=servers,
        master_network=demand.requests_per_store * (asked + replied) * fullest / masters,
        server_network=demand.requests_per_store * (asked + replied + called) / servers,
        connections=servers + WORKER_CONNECTIONS * partitions + demand.replicas,
        kafka_bytes=event_bytes * (demand.retention_seconds + KAFKA_MARGIN_SECONDS) * KAFKA_REPLICAS,
        kafka_network=event_bytes * (KAFKA_REPLICAS + demand.stores),
    )


def fewest_stores(demand: Demand, costs: Costs) -> int:
    """The fewest whole stores that together need at most a fifth more machines than the best number of them.

    Spread over many masters, a request costs each of them a pipeline: several smaller stores then cost less.
    """
    machines = {
        stores: machines_of(several, size_installation(several, costs))
        for stores in _STORES
        for several in [demand._replace(stores=stores)]
    }
    least = min(machines.values())
    return next(stores for stores, needed in machines.items() if needed <= least * _SIMPLER)


def machines_of(demand: Demand, plan: Sizing) -> float:
    """Machines of one core and 4 GiB that all stores need."""
    nodes = plan.masters * (1 + demand.replicas)
    return demand.stores * (nodes * max(1.0, plan.master_bytes / 2**32) + plan.servers + plan.worker.workers)


def size_store(demand: Demand, costs: Costs) -> StoreSize:
    """Posts, authors with posts, and bytes. Posts are those of random authors, as far as the cap of a list allows."""
    written = demand.posts_per_second * demand.retention_seconds
    posts = math.ceil(min(written, demand.authors * LIST_CAP))
    writing = min(posts, math.ceil(demand.authors * -math.expm1(-written / demand.authors)))
    hashes = 1 << max(0, math.ceil(posts / POSTS_PER_HASH) - 1).bit_length()
    hashes = max(DEFAULT_POST_HASHES, min(MOST_POST_HASHES, hashes))
    memory = costs.memory
    data = posts * memory.post_bytes + writing * memory.author_bytes + hashes * memory.hash_bytes
    return StoreSize(posts, writing, data, hashes)


def fewest_masters(demand: Demand, costs: Costs, store: StoreSize) -> int:
    """The fewest masters of which the fullest has room for its data and its CPU; SLOTS when none suffice."""
    by_memory = store.data_bytes * MEMORY_MARGIN / MASTER_BYTES
    needed = by_memory
    for masters in _MASTERS:
        if masters >= needed:
            needed = max(by_memory, load_of_masters(demand, costs, masters).cores / BUSY)
            if masters >= needed and masters >= needed * fullest_share(buckets_for(masters), masters):
                return masters
    return SLOTS


def load_of_masters(demand: Demand, costs: Costs, masters: int) -> MasterLoad:
    """Load of a store that is spread over these masters. It never falls with their number."""
    shape = read_shape(demand.follows, demand.results, masters, demand.list_length)
    request_us = costs.redis.request_us(shape)
    post_us = post_cost(costs, live_batch(demand.posts_per_second), masters)
    worker = load_of_workers(demand, costs, masters)
    return MasterLoad(
        shape,
        request_us,
        post_us,
        demand.requests_per_store * request_us / 1e6,
        demand.posts_per_second * post_us / 1e6,
        worker.workers * buckets_for(masters) * costs.redis.mark_us / 1e6,
    )


def live_batch(posts_per_second: float) -> float:
    """Posts that workers write at once while they keep up."""
    return max(1.0, min(FULL_BATCH, posts_per_second / BATCHES_PER_SECOND))


def calls_per_post(batch: float, masters: int) -> float:
    """Script calls per post: on one server a call has any posts of a batch, on a cluster those of one bucket."""
    calls = math.ceil(batch / POSTS_PER_CALL) if masters == 1 else masters_touched(buckets_for(masters), batch)
    return WRITE_STEPS * calls / batch


def post_cost(costs: Costs, batch: float, masters: int) -> float:
    """CPU of Redis for a post that is written in batches of this size, in microseconds."""
    redis, calls = costs.redis, calls_per_post(batch, masters)
    in_full = calls_per_post(CATCH_UP_BATCH, 1)  # those of post_us
    return redis.post_us + (redis.cluster_us if masters > 1 else 0.0) + redis.call_us * max(0.0, calls - in_full)


def event_cost(costs: Costs, batch: float, masters: int) -> float:
    """CPU of a worker for an event that is written in batches of this size, in microseconds."""
    worker, calls = costs.worker, calls_per_post(batch, masters)
    more_pipelines = WRITE_STEPS * (masters_touched(masters, batch) - 1)
    in_full = calls_per_post(CATCH_UP_BATCH, 1)
    on_cluster = worker.cluster_us if masters > 1 else 0.0
    more_calls = worker.call_us * max(0.0, calls - in_full)
    return worker.event_us + on_cluster + more_calls + worker.pipeline_us * more_pipelines / batch


def load_of_workers(demand: Demand, costs: Costs, masters: int) -> WorkerLoad:
    """Workers that carry the events: two at least, so that one may stop."""
    event_us = event_cost(costs, FULL_BATCH, masters)
    mark_cores = buckets_for(masters) * costs.worker.mark_us / 1e6
    free = max(WORKER_BUSY / 4, WORKER_BUSY - mark_cores)
    workers = max(2, math.ceil(demand.posts_per_second * event_us / 1e6 / free))
    catching_up = event_cost(costs, CATCH_UP_BATCH, masters)
    return WorkerLoad(event_us, mark_cores, workers, max(0.1, 1 - mark_cores) * 1e6 / catching_up)


def partitions_for(posts: int, worker: WorkerLoad) -> int:
    """Partitions: a multiple of twelve, for the workers of every day and for those of a refill."""
    wanted = max(worker.workers, math.ceil(posts / REFILL_SECONDS / worker.refill_rate))
    return FEWEST_PARTITIONS * math.ceil(wanted / FEWEST_PARTITIONS)
