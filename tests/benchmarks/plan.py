"""Compare `thunder plan` with what is measured: python -m tests.benchmarks.plan [--bench FILE] [--json].

First the costs: requests of five kinds on the standard store, on one master and on three; events of a worker; memory
with many and with few posts per author. --bench takes those that a report of `thunder bench all --json` has.
Then three points that the costs are not of: stores of other sizes, filled by a worker through Kafka, and other kinds of
requests. Each load is repeated; medians count. Trust ratios of one run, not runs of two days.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NamedTuple, cast

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from common.retention import Retention
from common.store.client import StoreClient
from ingest.post_row import create_row
from ingest.write.post_writer import PostWriter
from tests.support.redis.servers import RedisCluster, RedisServer
from thunder.bench.load.client import Job, LoadClient
from thunder.bench.processes import cpu_seconds, start_server, start_worker
from thunder.bench.standard_store import posts
from thunder.bench.store import RETENTION_SECONDS, BenchStore, key_space
from thunder.bench.topics import GroupProgress, bench_kafka, produce
from thunder.plan.costs import MEASURED, Costs
from thunder.plan.fitting import ReadSample, costs_of_report, memory_of, with_reads
from thunder.plan.reads import read_shape
from thunder.plan.sizing import CATCH_UP_BATCH, WRITE_STEPS, calls_per_post, event_cost, post_cost

ROUNDS = 5
CLUSTER_WRITES = 50_000
_STARTED_SHARE = 0.1
_LONGEST_SECONDS = 300.0
_SEEN = 2000


class Kind(NamedTuple):
    """A kind of request."""

    follows: int
    results: int


class Stored(NamedTuple):
    """A store, and the requests that it is read with."""

    masters: int
    authors: int
    posts_per_author: int
    kinds: tuple[Kind, ...]

    @property
    def posts(self) -> int:
        """Posts of the store."""
        return self.authors * self.posts_per_author


class Found(NamedTuple):
    """Figures of a store, measured or predicted: microseconds of CPU, and bytes."""

    server_us: tuple[float, ...]  # of a request of each kind
    redis_us: tuple[float, ...]
    worker_us: float  # of an event
    redis_post_us: float
    bytes: float


STANDARD = Stored(1, 5000, 50, (Kind(50, 1200), Kind(200, 1200), Kind(200, 100), Kind(1000, 1200), Kind(2500, 1200)))
SPARSE = Stored(1, 30_000, 5, ())
CLUSTER = Stored(3, 5000, 50, (Kind(200, 1200), Kind(200, 100), Kind(1000, 1200)))
POINTS = (
    Stored(1, 6000, 25, (Kind(100, 600),)),
    Stored(1, 15_000, 10, (Kind(500, 1200),)),
    Stored(3, 5000, 30, (Kind(300, 300),)),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.plan", description=__doc__)
    parser.add_argument("--bench", type=Path, help="report of thunder bench all --json")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each load")
    parser.add_argument("--share", type=float, default=1.0, help="of the authors of each store that costs are found on")
    parser.add_argument("--json", action="store_true", help="one object instead of a table")
    options = parser.parse_args()
    with Progress(console=Console(stderr=True)) as progress:
        report = options.bench.read_text() if options.bench else ""
        costs = costs_of_this_machine(report, options.seconds, options.share, progress)
        points = [(point, predict(point, costs), measure(point, options.seconds, progress)) for point in POINTS]
    if options.json:
        rows = [{"point": p, "predicted": q._asdict(), "measured": m._asdict()} for p, q, m in points]
        print(
            json.dumps({"costs": [part if isinstance(part, str) else part._asdict() for part in costs], "points": rows})
        )
    else:
        show(costs, points)


def costs_of_this_machine(report: str, seconds: float, share: float, progress: Progress) -> Costs:
    """The costs of requests, events and memory, as far as no report gives them, and what a further master costs."""
    standard, sparse, cluster = (smaller(each, share) for each in (STANDARD, SPARSE, CLUSTER))
    on_one = measure(standard, seconds, progress)
    costs = costs_of_report(report, "a report") if report else MEASURED
    if not report:
        few = measure(sparse, seconds, progress)
        per_post = {found.posts_per_author: of.bytes / found.posts for found, of in ((standard, on_one), (sparse, few))}
        costs = costs._replace(
            memory=memory_of(costs.memory, per_post),
            worker=costs.worker._replace(event_us=on_one.worker_us),
            redis=costs.redis._replace(post_us=on_one.redis_post_us),
        )
    redis, server = further_pipeline(standard, on_one, cluster, measure(cluster, seconds, progress))
    costs = costs._replace(
        redis=costs.redis._replace(pipeline_us=redis), server=costs.server._replace(pipeline_us=server)
    )
    costs = with_writes(costs, round(CLUSTER_WRITES * share))
    return costs if report else with_reads(costs, samples_at(standard, on_one), known_pipelines=True)


def smaller(store: Stored, share: float) -> Stored:
    """The store with a share of its authors, and without the requests that follow more than half of them."""
    authors = round(store.authors * share)
    return store._replace(authors=authors, kinds=tuple(kind for kind in store.kinds if kind.follows * 2 <= authors))


def further_pipeline(one: Stored, on_one: Found, many: Stored, on_many: Found) -> tuple[float, float]:
    """CPU of Redis and of the server for a pipeline to one more master: the median over the kinds that both have."""
    found: list[tuple[float, float]] = []
    for at, kind in enumerate(many.kinds):
        before = one.kinds.index(kind)
        shapes = [read_shape(*kind, store.masters, store.posts_per_author) for store in (one, many)]
        more = shapes[1].pipelines - shapes[0].pipelines
        redis = (on_many.redis_us[at] - on_one.redis_us[before]) / more
        found.append((redis, (on_many.server_us[at] - on_one.server_us[before]) / more))
    redis, server = (max(0.0, median(each)) for each in zip(*found, strict=True))
    return redis, server


def with_writes(costs: Costs, number: int) -> Costs:
    """The costs with those of script calls and of posts on a cluster, by batches of two sizes that are written here."""
    full, small = CATCH_UP_BATCH, CATCH_UP_BATCH // 20
    alone, few, many = (written(masters, batch, number) for masters, batch in ((1, full), (3, full), (3, small)))
    calls = calls_per_post(small, 3) - calls_per_post(full, 3)
    more_calls = calls_per_post(full, 3) - calls_per_post(full, 1)
    pipelines = 2 * WRITE_STEPS * costs.worker.pipeline_us
    own_call = max(0.0, many[0] - few[0] - pipelines / small) / calls
    redis_call = max(0.0, many[1] - few[1]) / calls
    own, redis = (
        few[0] - alone[0] - own_call * more_calls - pipelines / full,
        few[1] - alone[1] - redis_call * more_calls,
    )
    return costs._replace(
        worker=costs.worker._replace(call_us=own_call, cluster_us=max(0.0, own)),
        redis=costs.redis._replace(call_us=redis_call, cluster_us=max(0.0, redis)),
    )


def written(masters: int, batch: int, number: int) -> tuple[float, float]:
    """CPU of this process and of Redis for a post that is written in batches of this size, in us."""
    with tempfile.TemporaryDirectory(prefix="thunder-plan-") as folder, redis_of(masters, Path(folder)) as (nodes, url):
        keys = key_space(number)
        store_client = StoreClient(url, keys.buckets, timeout_seconds=30)
        writer = PostWriter(store_client, keys, Retention(RETENTION_SECONDS))
        backlog = map(create_row, posts(int(time.time()), number // 50))
        own = 0.0
        before = redis_seconds(nodes)
        while taken := list(islice(backlog, batch)):
            began = time.process_time()
            writer.write(taken, int(time.time()))
            own += time.process_time() - began
        used = redis_seconds(nodes) - before
        store_client.close()
    return own / number * 1e6, used / number * 1e6


def samples_at(store: Stored, found: Found) -> list[ReadSample]:
    """The requests of a store as samples."""
    return [
        ReadSample(read_shape(*kind, store.masters, store.posts_per_author), server_us, redis_us)
        for kind, server_us, redis_us in zip(store.kinds, found.server_us, found.redis_us, strict=True)
    ]


def predict(store: Stored, costs: Costs) -> Found:
    """The figures by the plan, while a worker catches up in full batches."""
    shapes = [read_shape(*kind, store.masters, store.posts_per_author) for kind in store.kinds]
    memory, keys = costs.memory, key_space(store.posts)
    return Found(
        tuple(costs.server.of_request(shape) for shape in shapes),
        tuple(costs.redis.request_us(shape) for shape in shapes),
        event_cost(costs, CATCH_UP_BATCH, store.masters),
        post_cost(costs, CATCH_UP_BATCH, store.masters),
        store.posts * memory.post_bytes + store.authors * memory.author_bytes + keys.post_hashes * memory.hash_bytes,
    )


def measure(store: Stored, seconds: float, progress: Progress) -> Found:
    """Fill a store through Kafka, read it; the median of ROUNDS loads of each kind."""
    task = progress.add_task(f"{store.masters} master(s), {store.posts:,} posts", total=None)
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="thunder-plan-")))
        nodes, url = running.enter_context(redis_of(store.masters, folder))
        bench = BenchStore(url, key_space(store.posts), store.authors)
        empty = used_memory(nodes)
        worker_us, redis_post_us, seen = fill(store, bench, nodes, folder)
        held = used_memory(nodes) - empty
        costs = loads(store, bench, nodes, seen, seconds, folder) if store.kinds else []
    progress.remove_task(task)
    return Found(tuple(each[0] for each in costs), tuple(each[1] for each in costs), worker_us, redis_post_us, held)


def loads(
    store: Stored, bench: BenchStore, nodes: Sequence[RedisServer], seen: tuple[int, ...], seconds: float, folder: Path
) -> list[tuple[float, float]]:
    """CPU of the server and of Redis for a request of each kind, the median of ROUNDS loads, in us."""
    costs: list[tuple[float, float]] = []
    with ExitStack() as running:
        server = start_server("server", bench, folder, running)
        client = running.enter_context(LoadClient())
        for kind in store.kinds:
            job = Job(server.address, seconds, *kind, store.authors, seen)
            client.run(job._replace(seconds=seconds / 2))
            taken: list[tuple[float, float]] = []
            for _ in range(ROUNDS):
                server_before, redis_before = cpu_seconds(server.process), redis_seconds(nodes)
                load = client.run(job)
                used = cpu_seconds(server.process) - server_before, redis_seconds(nodes) - redis_before
                assert not load.ends, load.ends
                taken.append((used[0] / load.sent * 1e6, used[1] / load.sent * 1e6))
            costs.append((median(each[0] for each in taken), median(each[1] for each in taken)))
    return costs


@contextmanager
def redis_of(masters: int, folder: Path) -> Generator[tuple[Sequence[RedisServer], str]]:
    if masters == 1:
        server = RedisServer(folder)
        try:
            yield [server], server.url
        finally:
            server.kill()
        return
    cluster = RedisCluster(folder)
    try:
        yield cluster.nodes, cluster.url
    finally:
        cluster.kill()


def fill(
    point: Stored, store: BenchStore, nodes: Sequence[RedisServer], folder: Path
) -> tuple[float, float, tuple[int, ...]]:
    """Write the store by a worker; CPU per event of the worker and of Redis, in us, and ids of some posts."""
    written = list(posts(int(time.time()), point.authors, point.posts_per_author))
    with ExitStack() as running:
        kafka = running.enter_context(bench_kafka(None))
        topic = kafka.new_topic()
        produce(kafka, topic, written)
        worker = start_worker(store, kafka.flags(topic, topic), folder, running).process
        progress = running.enter_context(closing(GroupProgress(kafka, topic, topic)))
        first = wait_for(progress, round(point.posts * _STARTED_SHARE))
        worker_before, redis_before = cpu_seconds(worker), redis_seconds(nodes)
        events = wait_for(progress, point.posts) - first
        worker_us = (cpu_seconds(worker) - worker_before) / events * 1e6
        redis_us = (redis_seconds(nodes) - redis_before) / events * 1e6
        time.sleep(2.5)  # marks are raised once a second: the server reads what they cover
    return worker_us, redis_us, tuple(post.post_id for post in islice(written, 0, None, max(1, point.posts // _SEEN)))


def wait_for(progress: GroupProgress, count: int) -> int:
    give_up = time.monotonic() + _LONGEST_SECONDS
    while (events := progress.events()) < count:
        assert time.monotonic() < give_up, f"{events} of {count} events were written"
        time.sleep(0.02)
    return events


def redis_seconds(nodes: Sequence[RedisServer]) -> float:
    used = [cast("dict[str, float]", node.client.info("cpu")) for node in nodes]
    return sum(each["used_cpu_user"] + each["used_cpu_sys"] for each in used)


def used_memory(nodes: Sequence[RedisServer]) -> int:
    return sum(cast("dict[str, int]", node.client.info("memory"))["used_memory"] for node in nodes)


def show(costs: Costs, points: Sequence[tuple[Stored, Found, Found]]) -> None:
    console = Console(width=140)
    for part in costs:
        console.print(part)
    table = Table("masters", "posts per author", "requests", "figure", "predicted", "measured", "ratio")
    for store, predicted, measured in points:
        for name, one, other in zip(Found._fields, predicted, measured, strict=True):
            pairs = (
                zip(one, other, strict=True) if isinstance(one, tuple) and isinstance(other, tuple) else [(one, other)]
            )
            for mine, found in cast("list[tuple[float, float]]", list(pairs)):
                kinds = ", ".join(f"{kind.follows} x {kind.results}" for kind in store.kinds)
                figures = (f"{mine:,.1f}", f"{found:,.1f}", f"{mine / found:.2f}")
                table.add_row(str(store.masters), str(store.posts_per_author), kinds, name, *figures)
    console.print(table)


if __name__ == "__main__":
    main()
