"""`thunder bench latency`: an open loop at parts of the peak, and a worker that catches up."""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families
from rich.progress import Progress

from thunder.bench.ingest import PROTOBUF, measure_worker
from thunder.bench.load.client import Job, LoadClient
from thunder.bench.load.loops import Load
from thunder.bench.options import LengthOptions
from thunder.bench.processes import Server, start_server
from thunder.bench.standard_store import AUTHORS
from thunder.bench.store import filled_store
from thunder.bench.topics import BACKLOG_EVENTS

_SHARES = (0.5, 0.8)
_CALLERS, _CONNECTIONS = 16, 4
_FOLLOWS, _RESULTS = 200, 1200
_LIVE_EVENTS_PER_SECOND = 5000
_STALLS = "thunder_event_loop_stalls_total"


class LatencyPlan(NamedTuple):
    """Size of a measurement: seconds of each load, and events of the backlog."""

    authors: int
    seconds: float
    events: int


FULL = LatencyPlan(AUTHORS, 10.0, BACKLOG_EVENTS)
QUICK = LatencyPlan(AUTHORS // 10, 4.0, BACKLOG_EVENTS // 10)


class OpenLoop(NamedTuple):
    """A load at a share of the peak. stalls: of the server's event loop, above 20 ms."""

    share: float
    rate: float
    load: Load
    stalls: int


class CatchUp(NamedTuple):
    """A worker that catches up with a backlog, which is that of some seconds at 5,000 events per second."""

    events: int
    events_per_second: float

    @property
    def times_real_time(self) -> float:
        """Speed as a multiple of that at which the backlog arose."""
        return self.events_per_second / _LIVE_EVENTS_PER_SECOND


class LatencyFigures(NamedTuple):
    """peak: requests per second of 16 callers in a closed loop."""

    peak: float
    loops: Sequence[OpenLoop]
    catch_up: CatchUp


def measure_latency(url: str | None, brokers: str | None, options: LengthOptions, progress: Progress) -> LatencyFigures:
    """Loads a server in open loops, then lets a worker catch up. Raises ThunderError."""
    plan = QUICK if options.quick else FULL
    task = progress.add_task("loading a server", total=2 + len(_SHARES))
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="thunder-bench-")))
        store = running.enter_context(filled_store(url, folder, plan.authors, progress))
        client = running.enter_context(LoadClient())
        server = start_server("server", store, folder, running)
        job = Job(server.address, plan.seconds, _FOLLOWS, _RESULTS, store.authors, store.seen)
        job = job._replace(callers=_CALLERS, connections=_CONNECTIONS)
        client.run(job._replace(seconds=plan.seconds / 4))
        peak = client.run(job).goodput
        progress.advance(task)
        loops: list[OpenLoop] = []
        for share in _SHARES:
            before = _stalls(server)
            load = client.run(job._replace(rate=peak * share))
            loops.append(OpenLoop(share, peak * share, load, _stalls(server) - before))
            progress.advance(task)
    cost = measure_worker(PROTOBUF, url, brokers, plan.events)
    progress.remove_task(task)
    return LatencyFigures(peak, loops, CatchUp(plan.events, cost.wall_events_per_second))


def _stalls(server: Server) -> int:
    page = server.role.get("/metrics") if server.role else None
    families = text_string_to_metric_families(page or "")
    return round(sum(sample.value for family in families for sample in family.samples if sample.name == _STALLS))


def latency_as_json(figures: LatencyFigures) -> dict[str, object]:
    """The loads, and the speed of the worker."""
    loops = [
        {
            "share_of_peak": loop.share,
            "requests_per_second": round(loop.rate, 1),
            "goodput": round(loop.load.goodput, 1),
            "p50_ms": round(loop.load.p50_ms, 2),
            "p99_ms": round(loop.load.p99_ms, 2),
            "p999_ms": round(loop.load.p999_ms, 2),
            "other_ends": dict(loop.load.ends),
            "stalls": loop.stalls,
        }
        for loop in figures.loops
    ]
    catch_up = {
        "events": figures.catch_up.events,
        "events_per_second": round(figures.catch_up.events_per_second),
        "times_real_time": round(figures.catch_up.times_real_time, 2),
    }
    return {"peak_requests_per_second": round(figures.peak, 1), "open_loop": loops, "catch_up": catch_up}
