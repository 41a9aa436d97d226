"""`thunder source`: runs a source with its HTTP server, stored counts and display."""

import logging
import time
from contextlib import ExitStack
from functools import partial
from typing import Protocol

from common.errors import StoreUnavailable
from common.lifecycle import Stop, ThreadGroup, run_periodically, stop_on_signals
from common.settings.source import SourceSettings
from common.telemetry.http_server import HttpServer
from common.telemetry.logs import configure_logs
from common.telemetry.process_metrics import process_registry
from common.timing import RateLimiter
from ingest.sources.catalogue import OpenedSource
from ingest.sources.count_store import CountKeeper, CountStore
from ingest.sources.metrics import SourceMetrics
from ingest.sources.pipeline import SourcePipeline
from ingest.sources.statistics import Counts, Statistics

_SHOW_INTERVAL_SECONDS = 0.25
_LOG_INTERVAL_SECONDS = 10.0
_STORE_INTERVAL_SECONDS = 1.0

_log = logging.getLogger("thunder.source")


class Display(Protocol):
    """Shows the state of a source to a person or a program."""

    def show(self, statistics: Statistics) -> None:
        """Called several times a second. Must not block."""
        ...

    def end(self, statistics: Statistics, totals: Counts | None) -> None:
        """Show the final state. totals: of all runs, None when Redis is unavailable."""
        ...


def run_source(settings: SourceSettings, opened: OpenedSource, display: Display) -> int:
    """Run until the source ends, or SIGTERM or SIGINT comes. Return the exit code.

    Undelivered when an event was not delivered in the end; raises what the source or the producer raises.
    """
    configure_logs(settings.log_level, settings.log_format)
    stop, registry = Stop(), process_registry()
    stop_on_signals(stop)
    name = opened.source.name
    store = CountStore(settings, name)
    pipeline = SourcePipeline(settings, opened, _start_position(opened, store), stop)
    keeper, background = CountKeeper(store.add), ThreadGroup(stop)
    SourceMetrics(registry, opened.labels, pipeline.counts, pipeline.queued)
    http = HttpServer(settings.http_host, settings.http_port, registry, pipeline.not_ready)

    def keep() -> None:
        keeper.keep(pipeline.counts(), pipeline.position)

    with ExitStack() as ending:  # the last first, even when one fails
        ending.callback(http.stop)
        ending.callback(lambda: display.end(pipeline.statistics(), _totals(store)))
        ending.callback(keep)
        ending.callback(background.join, settings.shutdown_grace_seconds)
        ending.callback(pipeline.close)
        ending.callback(stop.set)
        _log.info("HTTP server is ready on port %d", http.port)
        background.start(name, pipeline.run)
        background.start("counts", partial(run_periodically, _STORE_INTERVAL_SECONDS, stop, keep))
        _watch(name, pipeline, display, stop)
    pipeline.check_delivered()
    return 0


def _watch(name: str, pipeline: SourcePipeline, display: Display, stop: Stop) -> None:
    """Show the state until the stop is set, and log it at intervals."""
    lines = RateLimiter(_LOG_INTERVAL_SECONDS)
    lines.allow(time.monotonic())  # the first line comes after an interval, too
    while not stop.wait(_SHOW_INTERVAL_SECONDS):
        statistics = pipeline.statistics()
        display.show(statistics)
        if lines.allow(time.monotonic()):
            _log.info("%s: %s", name, _in_words(statistics))


def _in_words(statistics: Statistics) -> str:
    """Counts on one line, for the log."""
    counts, recent = statistics.counts, statistics.pace.recent
    return (
        f"received {counts.received:,} ({recent.received:,.0f}/s), "
        f"produced {counts.produced:,} ({recent.produced:,.0f}/s), queue {statistics.queued:,}, "
        f"ignored {sum(counts.ignored.values()):,}, dropped {sum(counts.dropped.values()):,}, failed {counts.failed:,}"
    )


def _start_position(opened: OpenedSource, store: CountStore) -> str:
    """Position where the previous run of a live source stopped; empty for its own start. Logs it."""
    position, name = "", opened.source.name
    if opened.is_live and not opened.from_now:
        try:
            position = store.read().position
        except StoreUnavailable as reason:
            _log.warning("Position of the previous run of %s is unknown: %s", name, reason)
    if opened.is_live:
        _log.info("%s starts %s", name, f"from {position}, where the previous run stopped" if position else "now")
    return position


def _totals(store: CountStore) -> Counts | None:
    try:
        return store.read().totals
    except StoreUnavailable:
        return None
    finally:
        store.close()
