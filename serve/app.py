"""The role `serve`: from its settings to a server that answers until it is asked to stop."""

import asyncio
import gc
import logging
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry

from common.lifecycle import Stop, stop_on_signals
from common.settings.serve import ServeSettings
from common.telemetry.http_server import HttpServer
from common.telemetry.logs import configure_logs
from common.telemetry.tracing import configure_tracing
from common.timing import Clock, system_clock
from serve.event_loop import event_of, run_until
from serve.page.app import shown
from serve.readiness.publisher import ReadinessPublisher, watch_readiness
from serve.readiness.state import ServingState
from serve.readiness.verdict import STOPPING
from serve.rpc.server import GrpcServer
from serve.store.follow_store import RedisFollows
from serve.store.timeline_store import TimelineStore
from serve.wiring import build_service

log = logging.getLogger("thunder.serve")


def run_serve(settings: ServeSettings) -> int:
    """Serve as a process of its own until SIGTERM or SIGINT. Returns the exit code, raises what serving died of."""
    configure_logs(settings.log_level, settings.log_format)
    configure_tracing("thunder-serve", os.environ)
    collect_garbage_rarely()
    stop, state, registry = Stop(), ServingState(), CollectorRegistry()
    stop_on_signals(stop)
    http = HttpServer(settings.http_host, settings.http_port, registry, state.not_ready, state.routes)
    try:
        asyncio.run(serve(settings, stop, state, registry))
    finally:
        http.stop()
    return 0


def collect_garbage_rarely() -> None:
    """Requests make thousands of short-lived containers and no cycles: looking for these cost 6 % of the processor."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


async def serve(
    settings: ServeSettings,
    stop: Stop,
    state: ServingState,
    registry: CollectorRegistry,
    clock: Clock = system_clock,
) -> None:
    """Serve until stop is set, which any thread may do; state tells other threads how it goes.

    StoreMismatch when this store must not be read, ConfigurationError when the port is taken.
    """
    stopped = event_of(stop)
    try:
        async with _connections(settings) as (store, follows):
            service = build_service(settings, store.timelines, follows, clock, registry)
            server = GrpcServer(service.servicer, settings, settings.shutdown_grace_seconds)
            announcer = ReadinessPublisher(state, server, service.metrics)
            await server.start()
            log.info("gRPC listens on port %d, %d requests at once", server.port, settings.max_concurrent_requests)
            state.bound(server.port)
            async with shown(settings, service, state):
                try:
                    await run_until(stopped, watch_readiness(store.status, announcer.tell))
                finally:
                    state.judged(STOPPING)
                    await server.stop(settings.shutdown_grace_seconds)
    except BaseException as error:
        state.died(error)
        raise


@asynccontextmanager
async def _connections(settings: ServeSettings) -> AsyncGenerator[tuple[TimelineStore, RedisFollows | None]]:
    url, timeout_seconds = settings.redis_address, settings.redis_timeout_ms / 1000
    store = TimelineStore(settings)
    follows = RedisFollows(url, settings.author_buckets, timeout_seconds) if settings.follow_store else None
    try:
        yield store, follows
    finally:
        store.close()
        if follows:
            await follows.close()
