"""Carries the verdict on readiness to everyone who asks: gRPC health, /readyz, the log, the metrics."""

import logging
import time

from serve.metrics import ServeMetrics
from serve.readiness import Verdict
from serve.server import GrpcServer
from serve.state import ServingState

log = logging.getLogger("thunder.serve")


class Announcer:
    """Tells of changes only."""

    def __init__(self, state: ServingState, server: GrpcServer, metrics: ServeMetrics) -> None:
        self._state = state
        self._server = server
        self._metrics = metrics
        self._was_ready = False

    async def tell(self, verdict: Verdict) -> None:
        """Announce a verdict that differs from the last."""
        self._state.judged(verdict)
        await self._server.announce(ready=verdict.ready)
        if not verdict.ready:
            log.log(logging.WARNING if self._was_ready else logging.INFO, "Not ready: %s", verdict.reason)
        elif self._was_ready:
            log.info("Ready again")
        else:
            self._was_ready = True
            self._metrics.initialised(time.monotonic() - self._state.started_at)
            log.info("HTTP/gRPC server is ready")
