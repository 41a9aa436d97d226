"""`thunder bench ingest`: events per CPU-second of a worker that catches up, beside a naive worker."""

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

from rich.progress import Progress

from common.errors import ThunderError
from common.native import Language
from common.post import LightPost
from ingest.decode.refined_event import encode_event
from ingest.native import DECODER
from thunder.bench.options import LengthOptions
from thunder.bench.peers import naive_ingest, python_ingest
from thunder.bench.processes import cpu_seconds, redis_use, start_peer, start_worker
from thunder.bench.standard_store import AUTHORS, posts
from thunder.bench.store import BenchStore, empty_store
from thunder.bench.topics import BACKLOG_EVENTS, BenchKafka, Encoder, GroupProgress, bench_kafka, produce
from thunder.demo.synthetic.raw_tweets import encode_create
from thunder.embedded.child import Child
from thunder.embedded.role_process import PRODUCT

PROTOBUF, THRIFT, NAIVE = "protobuf", "thrift", "naive"
IN_PYTHON = {PROTOBUF: "protobuf in Python", THRIFT: "thrift in Python"}
"""The same worker with the decoder in Python."""

_SECONDS_BETWEEN_CHECKS = 0.02
_LONGEST_SECONDS = 300.0
_FIRST_SHARE = 0.1
"""Part of the backlog that is written before the measurement begins: until then a worker starts and warms up."""


class IngestStalled(ThunderError):
    """A worker has not written its backlog in time."""


class IngestPlan(NamedTuple):
    """Size of a measurement."""

    events: int
    rounds: int


FULL = IngestPlan(BACKLOG_EVENTS // 2, rounds=2)
QUICK = IngestPlan(BACKLOG_EVENTS // 10, rounds=1)


class IngestCost(NamedTuple):
    """Cost of events for a worker that catches up. wall_events_per_second: while the machine also runs the broker."""

    events_per_cpu_second: float
    redis_us_per_post: float
    wall_events_per_second: float


def measure_ingest(
    url: str | None, brokers: str | None, options: LengthOptions, progress: Progress
) -> dict[str, IngestCost]:
    """Costs of the worker by format, with either decoder, and of the naive worker. Raises ThunderError."""
    plan = QUICK if options.quick else FULL
    backlog = list(islice(posts(int(time.time()), AUTHORS), plan.events))
    in_python = IN_PYTHON.values() if DECODER is Language.NATIVE else ()
    taken: dict[str, list[IngestCost]] = {name: [] for name in (PROTOBUF, THRIFT, *in_python, NAIVE)}
    task = progress.add_task("ingesting", total=len(taken) * plan.rounds)
    with bench_kafka(brokers) as kafka:
        for _ in range(plan.rounds):
            for name, costs in taken.items():
                costs.append(_measure(name, url, kafka, backlog))
                progress.advance(task)
    progress.remove_task(task)
    return {name: _median(costs) for name, costs in taken.items()}


def measure_worker(name: str, url: str | None, brokers: str | None, events: int) -> IngestCost:
    """Cost of one worker that catches up with this number of events. Raises ThunderError."""
    with bench_kafka(brokers) as kafka:
        return _measure(name, url, kafka, list(islice(posts(int(time.time()), AUTHORS), events)))


def _measure(name: str, url: str | None, kafka: BenchKafka, backlog: Sequence[LightPost]) -> IngestCost:
    is_raw = name in (THRIFT, IN_PYTHON[THRIFT])
    encode: Encoder = encode_create if is_raw else encode_event
    topic = kafka.new_topic()
    produce(kafka, topic, backlog, encode)
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="thunder-bench-")))
        store = running.enter_context(empty_store(url, folder, len(backlog)))
        if name == NAIVE:
            words, variables = (kafka.brokers, topic, topic), {"REDIS_URL": store.url}
            worker = start_peer(naive_ingest.__name__, words, folder, running, variables)
        else:
            flags = kafka.flags(topic, topic, raw=is_raw)
            code = PRODUCT if name in (PROTOBUF, THRIFT) else f"from {python_ingest.__name__} import main; main()"
            worker = start_worker(store, flags, folder, running, code=code).process
        reader = running.enter_context(closing(GroupProgress(kafka, topic, topic)))
        return catch_up(worker, store, reader.events, len(backlog))


def catch_up(worker: Child, store: BenchStore, written: Callable[[], int], total: int) -> IngestCost:
    """Wait until the worker has written its backlog; its cost without the start. Raises IngestStalled, ChildDied."""
    give_up = time.monotonic() + _LONGEST_SECONDS
    with store.client() as client:
        first = _wait_for(round(total * _FIRST_SHARE), written, worker, give_up)
        began, cpu, use = time.monotonic(), cpu_seconds(worker), redis_use(client)
        events = max(1, _wait_for(total, written, worker, give_up) - first)
        seconds, used_cpu, used = time.monotonic() - began, cpu_seconds(worker) - cpu, redis_use(client)
    return IngestCost(events / used_cpu, (used.seconds - use.seconds) / events * 1e6, events / seconds)


def _wait_for(count: int, written: Callable[[], int], worker: Child, give_up: float) -> int:
    while (events := written()) < count:
        worker.check()
        if time.monotonic() > give_up:
            raise IngestStalled(f"{events:,} of {count:,} events were written:\n{worker.last_lines()}")
        time.sleep(_SECONDS_BETWEEN_CHECKS)
    return events


def _median(costs: Sequence[IngestCost]) -> IngestCost:
    return IngestCost(*(median(figures) for figures in zip(*costs, strict=True)))


def ingest_as_json(costs: dict[str, IngestCost]) -> dict[str, object]:
    """The figures of the product, with its ratio to the naive worker of the same run.

    events_per_cpu_second_in_python: of the decoder in Python, where the native one is the default.
    """
    per_second = {name: round(cost.events_per_cpu_second) for name, cost in costs.items()}
    in_python = {name: per_second[slower] for name, slower in IN_PYTHON.items() if slower in per_second}
    return {
        "events_per_cpu_second": {name: per_second[name] for name in (PROTOBUF, THRIFT)},
        **({"events_per_cpu_second_in_python": in_python} if in_python else {}),
        "redis_us_per_post": round(costs[PROTOBUF].redis_us_per_post, 2),
        "ratio_to_naive": round(costs[PROTOBUF].events_per_cpu_second / costs[NAIVE].events_per_cpu_second, 3),
    }
