"""The role `serve`: from its settings to a server that answers until it is stopped."""

import asyncio
import gc
import logging
import os
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from prometheus_client import CollectorRegistry

from common.lifecycle import Stop, stop_on_signals
from common.settings.serve import ServeSettings
from common.telemetry.clock_metrics import register_clock_metrics
from common.telemetry.http_server import HttpServer
from common.telemetry.logs import configure_logs
from common.telemetry.process_metrics import process_registry
from common.telemetry.tracing import configure_tracing
from common.timing import Clock, system_clock
from serve.page.app import live_page
from serve.readiness.publisher import ReadinessPublisher, watch_readiness
from serve.readiness.state import ServingState
from serve.readiness.verdict import STOPPING
from serve.rpc.server import GrpcServer
from serve.stall_watch import watch_stalls
from serve.store.serving_store import ServingStore
from serve.timeline.cores import chosen_core
from serve.wiring import build_service

log = logging.getLogger("thunder.serve")


def run_serve(settings: ServeSettings) -> int:
    """Serve as a process of its own until SIGTERM or SIGINT. Returns the exit code, raises the error that ended it."""
    configure_logs(settings.log_level, settings.log_format)
    configure_tracing("thunder-serve", os.environ)
    collect_garbage_rarely()
    registry = process_registry(chosen_core(settings.read_core).name)
    stop, state = Stop(), ServingState()
    stop_on_signals(stop)
    http = HttpServer(
        settings.http_host,
        settings.http_port,
        registry,
        state.not_ready,
        state.routes,
        state.limits,
        settings.page_hosts,
    )
    try:
        asyncio.run(serve(settings, stop, state, registry))
    finally:
        http.stop()
    return 0


def collect_garbage_rarely() -> None:
    """Reduce garbage collection: our own objects are freed without it, and the search cost 6 % of CPU.

    gRPC leaves five objects in a cycle for each call, 0.8 kB: up to 16 MB until they are found.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


async def serve(
    settings: ServeSettings,
    stop: Stop,
    state: ServingState,
    registry: CollectorRegistry,
    clock: Clock = system_clock,
) -> None:
    """Serve until stop is set, which any thread may do; state reports the progress to other threads.

    StoreMismatch when this store must not be read, ConfigurationError when the port is in use.
    """
    stopped = event_of(stop)
    try:
        async with _open_store(settings, clock) as store:
            register_clock_metrics(registry, "serve", store.clock_check)
            service = build_service(settings, store.timelines, store.follows, clock, registry)
            server = GrpcServer(service.servicer, settings, settings.shutdown_grace_seconds)
            publisher = ReadinessPublisher(state, server, service.metrics)
            await server.start()
            log.info(
                "gRPC listens on port %d, at most %d concurrent requests", server.port, settings.max_concurrent_requests
            )
            if settings.is_open:
                log.info(
                    "gRPC accepts every caller that reaches %s; --grpc-tokens-file or --grpc-tls-client-ca change that",
                    settings.grpc_host,
                )
            state.set_port(server.port)
            async with live_page(settings, service, state):
                try:
                    await run_until(
                        stopped,
                        watch_readiness(store.status, store.gate, publisher.publish),
                        watch_stalls(service.metrics.loop_stalled),
                    )
                finally:
                    state.set_verdict(STOPPING)
                    await server.stop(settings.shutdown_grace_seconds)
    except BaseException as error:
        state.set_failure(error)
        raise


@asynccontextmanager
async def _open_store(settings: ServeSettings, clock: Clock) -> AsyncGenerator[ServingStore]:
    store = ServingStore(settings, clock)
    try:
        yield store
    finally:
        store.close()


def event_of(stop: Stop) -> asyncio.Event:
    """Create an event of the running loop that is set when stop is."""
    loop, event = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(event.set)

    stop.call_when_set(wake)
    return event


async def run_until(stopped: asyncio.Event, *work: Coroutine[Any, Any, None]) -> None:
    """Run the work, none of which may end before stopped is set. Raises the error of the first to fail."""
    waiting = asyncio.create_task(stopped.wait())
    tasks = [asyncio.create_task(endless) for endless in work]
    try:
        await asyncio.wait((waiting, *tasks), return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
                raise RuntimeError(f"{task.get_coro()} ended before it was stopped")
    finally:
        for task in (waiting, *tasks):
            task.cancel()
        await asyncio.gather(waiting, *tasks, return_exceptions=True)
