"""Publishes the verdict on readiness: to gRPC health, /readyz, the log and the metrics."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from serve.metrics import ServeMetrics
from serve.readiness.gate import StoreGate
from serve.readiness.state import ServingState
from serve.readiness.verdict import STARTING, LeftOut, StoreStatus, Verdict

log = logging.getLogger("thunder.serve")


class HealthService(Protocol):
    """Answers health checks."""

    async def publish(self, *, ready: bool) -> None:
        """Answer them so from now on."""
        ...


class ReadinessPublisher:
    """Publishes changes of the verdict."""

    def __init__(self, state: ServingState, server: HealthService, metrics: ServeMetrics) -> None:
        self._state = state
        self._server = server
        self._metrics = metrics
        self._was_ready = False
        self._has_gaps = False
        self._last: Verdict | None = None

    async def publish(self, verdict: Verdict) -> None:
        """Publish a verdict that differs from the last."""
        last, self._last = self._last, verdict
        self._state.set_verdict(verdict)
        self._metrics.left_out(verdict.left_out.posts, verdict.left_out.follows)
        if last is None or verdict[:2] != last[:2]:
            await self._publish_readiness(verdict)
        if verdict.ready:
            self._log_gaps(verdict.left_out)

    async def _publish_readiness(self, verdict: Verdict) -> None:
        await self._server.publish(ready=verdict.ready)
        if not verdict.ready:
            log.log(logging.WARNING if self._was_ready else logging.INFO, "Not ready: %s", verdict.reason)
        elif self._was_ready:
            log.info("Ready again")
        else:
            self._was_ready = True
            self._metrics.initialised(time.monotonic() - self._state.started_at)
            log.info("HTTP/gRPC server is ready")

    def _log_gaps(self, left_out: LeftOut) -> None:
        """Log when the first bucket is left out, and when none is any more."""
        if left_out.exists == self._has_gaps:
            return
        self._has_gaps = left_out.exists
        if left_out.exists:
            log.warning("Answers are partial: %s", left_out)
        else:
            log.info("All buckets are served again")


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
