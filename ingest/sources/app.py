"""`thunder source`: from the settings of a source to one that runs until it ends or is asked to stop."""

import logging
import time
from contextlib import ExitStack
from functools import partial
from typing import Protocol

from prometheus_client import CollectorRegistry

from common.errors import StoreUnavailable
from common.lifecycle import Stop, ThreadGroup, run_periodically, stop_on_signals
from common.settings.source import SourceSettings
from common.telemetry.http_server import HttpServer
from common.telemetry.logs import configure_logs
from common.timing import RateLimiter
from ingest.sources.catalogue import OpenedSource
from ingest.sources.count_store import CountKeeper, CountStore
from ingest.sources.metrics import SourceMetrics
from ingest.sources.pipeline import SourcePipeline
from ingest.sources.statistics import Counts, Statistics

_SECONDS_BETWEEN_LOOKS = 0.25
_SECONDS_BETWEEN_LINES = 10.0
_SECONDS_BETWEEN_KEEPINGS = 1.0

_log = logging.getLogger("thunder.source")


class Display(Protocol):
    """Shows a person or a program how a source does."""

    def show(self, statistics: Statistics) -> None:
        """Called several times a second. Must not block."""
        ...

    def end(self, statistics: Statistics, totals: Counts | None) -> None:
        """The source has ended. totals: of all its runs, None when Redis does not tell."""
        ...


def run_source(settings: SourceSettings, opened: OpenedSource, display: Display) -> int:
    """Run until the source ends, or SIGTERM or SIGINT comes. The exit code.

    Undelivered when something was not sent in the end; raises what the source or the producer died of.
    """
    configure_logs(settings.log_level, settings.log_format)
    stop, registry = Stop(), CollectorRegistry()
    stop_on_signals(stop)
    name = opened.source.name
    store = CountStore(settings, name)
    intake = SourcePipeline(settings, opened, _begins_at(opened, store), stop)
    keeper, background = CountKeeper(store.add), ThreadGroup(stop)
    SourceMetrics(registry, opened.labels, intake.counts, intake.queued)
    http = HttpServer(settings.http_host, settings.http_port, registry, intake.not_ready)

    def keep() -> None:
        keeper.keep(intake.counts(), intake.position)

    with ExitStack() as ending:  # the last first, whatever fails
        ending.callback(http.stop)
        ending.callback(lambda: display.end(intake.statistics(), _totals(store)))
        ending.callback(keep)
        ending.callback(background.join, settings.shutdown_grace_seconds)
        ending.callback(intake.close)
        ending.callback(stop.set)
        _log.info("HTTP server is ready on port %d", http.port)
        background.start(name, intake.run)
        background.start("counts", partial(run_periodically, _SECONDS_BETWEEN_KEEPINGS, stop, keep))
        _watch(name, intake, display, stop)
    intake.check_delivered()
    return 0


def _watch(name: str, intake: SourcePipeline, display: Display, stop: Stop) -> None:
    """Show how it does until the stop is set, and say it in the log now and then."""
    lines = RateLimiter(_SECONDS_BETWEEN_LINES)
    lines.allow(time.monotonic())  # the first line comes after an interval, too
    while not stop.wait(_SECONDS_BETWEEN_LOOKS):
        statistics = intake.statistics()
        display.show(statistics)
        if lines.allow(time.monotonic()):
            _log.info("%s: %s", name, _in_words(statistics))


def _in_words(statistics: Statistics) -> str:
    """The numbers on a line."""
    counts, recent = statistics.counts, statistics.pace.recent
    return (
        f"received {counts.received:,} ({recent.received:,.0f}/s), "
        f"produced {counts.produced:,} ({recent.produced:,.0f}/s), queue {statistics.queued:,}, "
        f"ignored {sum(counts.ignored.values()):,}, dropped {sum(counts.dropped.values()):,}, failed {counts.failed:,}"
    )


def _begins_at(opened: OpenedSource, store: CountStore) -> str:
    """The position where a live source stopped the last time; empty for its own start. Says which it is."""
    position, name = "", opened.source.name
    if opened.is_live and not opened.from_now:
        try:
            position = store.read().position
        except StoreUnavailable as reason:
            _log.warning("Where %s stopped the last time is not known: %s", name, reason)
    if opened.is_live:
        _log.info("%s starts %s", name, f"where it stopped the last time, from {position}" if position else "now")
    return position


def _totals(store: CountStore) -> Counts | None:
    try:
        return store.read().totals
    except StoreUnavailable:
        return None
    finally:
        store.close()
