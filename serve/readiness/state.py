"""What other threads may know of a serving event loop."""

import time
from concurrent.futures import Future

from common.telemetry.http_routes import Routes
from serve.readiness.verdict import STARTING, Verdict


class ServingState:
    """Written by the event loop, read by anyone. Made when the process starts, at started_at (monotonic)."""

    def __init__(self) -> None:
        self.started_at = time.monotonic()
        self._port: Future[int] = Future()
        self._verdict = STARTING
        self._routes: Routes = {}

    def grpc_port(self, timeout: float) -> int:
        """The port that gRPC listens on. Blocks until it does; TimeoutError, or what serving died of before."""
        return self._port.result(timeout)

    def not_ready(self) -> str | None:
        """Why serving is not ready, None when it is."""
        return None if self._verdict.ready else self._verdict.reason

    def routes(self) -> Routes:
        """What serving has to show on the HTTP port."""
        return self._routes

    def bound(self, port: int) -> None:
        """Called once gRPC listens."""
        self._port.set_result(port)

    def judged(self, verdict: Verdict) -> None:
        """Ready, or no longer."""
        self._verdict = verdict

    def shows(self, routes: Routes) -> None:
        """All that there is to be shown from now on."""
        self._routes = routes

    def died(self, cause: BaseException) -> None:
        """Serving ended before its time."""
        if not self._port.done():
            self._port.set_exception(cause)
