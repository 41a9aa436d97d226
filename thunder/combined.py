"""`thunder --is-serving`: one process that ingests and, when ingest has caught up, also serves."""

import asyncio
import os
import threading

from common.lifecycle import Stop, stop_on_signals
from common.settings.combined import CombinedSettings
from common.telemetry.http_server import HttpServer
from common.telemetry.logs import configure_logs
from common.telemetry.process_metrics import process_registry
from common.telemetry.tracing import configure_tracing
from ingest.app import ingest_role
from ingest.native import DECODER
from serve.app import collect_garbage_rarely, serve
from serve.readiness.state import ServingState
from serve.timeline.cores import chosen_core


def run_combined(settings: CombinedSettings) -> int:
    """Ingest and serve until SIGTERM or SIGINT. The exit code; raises the error that ended either of them."""
    configure_logs(settings.log_level, settings.log_format)
    configure_tracing("thunder", os.environ)
    collect_garbage_rarely()
    registry = process_registry(chosen_core(settings.read_core).name, DECODER)
    stop, state = Stop(), ServingState()
    stop_on_signals(stop)
    ingest = ingest_role(settings, stop, registry)
    http = HttpServer(
        settings.http_host,
        settings.http_port,
        registry,
        lambda: ingest.not_ready() or state.not_ready(),
        state.routes,
        state.limits,
        settings.page_hosts,
    )
    caught_up_or_stopped = threading.Event()
    try:
        stop.call_when_set(caught_up_or_stopped.set)
        ingest.start(caught_up_or_stopped.set)
        caught_up_or_stopped.wait()
        if not stop.is_set():
            asyncio.run(serve(settings, stop, state, registry))
    finally:
        stop.set()
        try:
            ingest.join(settings.shutdown_grace_seconds)
        finally:
            http.stop()
    return 0
