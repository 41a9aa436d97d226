"""Publishes the verdict on readiness: to gRPC health, /readyz, the log and the metrics."""

import logging
import time
from collections.abc import Awaitable, Callable

from serve.metrics import ServeMetrics
from serve.readiness.gate import StoreGate
from serve.readiness.state import ServingState
from serve.readiness.verdict import STARTING, StoreStatus, Verdict
from serve.rpc.server import GrpcServer

log = logging.getLogger("thunder.serve")


class ReadinessPublisher:
    """Publishes changes of the verdict."""

    def __init__(self, state: ServingState, server: GrpcServer, metrics: ServeMetrics) -> None:
        self._state = state
        self._server = server
        self._metrics = metrics
        self._was_ready = False

    async def publish(self, verdict: Verdict) -> None:
        """Publish a verdict that differs from the last."""
        self._state.set_verdict(verdict)
        await self._server.publish(ready=verdict.ready)
        if not verdict.ready:
            log.log(logging.WARNING if self._was_ready else logging.INFO, "Not ready: %s", verdict.reason)
        elif self._was_ready:
            log.info("Ready again")
        else:
            self._was_ready = True
            self._metrics.initialised(time.monotonic() - self._state.started_at)
            log.info("HTTP/gRPC server is ready")


async def watch_readiness(
    read_status: Callable[[], Awaitable[StoreStatus]],
    gate: StoreGate,
    publish: Callable[[Verdict], Awaitable[None]],
) -> None:
    """Publish every change of the verdict, until cancelled. An exception of read_status ends the watch."""
    last = STARTING
    while True:
        verdict = gate.evaluate(await read_status())
        if verdict != last:
            await publish(verdict)
            last = verdict
        await gate.next_look()
