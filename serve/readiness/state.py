"""State of a serving event loop that other threads may read."""

import time
from concurrent.futures import Future

from common.telemetry.http_routes import Routes
from serve.readiness.verdict import STARTING, Verdict


class ServingState:
    """Written by the event loop, read by any thread. Made when the process starts, at started_at (monotonic)."""

    def __init__(self) -> None:
        self.started_at = time.monotonic()
        self._port: Future[int] = Future()
        self._verdict = STARTING
        self._routes: Routes = {}

    def grpc_port(self, timeout: float) -> int:
        """The port that gRPC listens on. Blocks until it does; TimeoutError, or the error that ended serving first."""
        return self._port.result(timeout)

    def not_ready(self) -> str | None:
        """Reason why serving is not ready, None when it is."""
        return None if self._verdict.ready else self._verdict.reason

    def limits(self) -> str | None:
        """Description of what is left out of answers though serving is ready, None for nothing."""
        left_out = self._verdict.left_out
        return str(left_out) if left_out.exists else None

    def routes(self) -> Routes:
        """The routes that serving adds to the HTTP port."""
        return self._routes

    def set_port(self, port: int) -> None:
        """Set the port, once gRPC listens."""
        self._port.set_result(port)

    def set_verdict(self, verdict: Verdict) -> None:
        """Set the verdict on readiness."""
        self._verdict = verdict

    def set_routes(self, routes: Routes) -> None:
        """Replace the routes that serving adds to the HTTP port."""
        self._routes = routes

    def set_failure(self, cause: BaseException) -> None:
        """Fail those who wait for the port: serving has died."""
        if not self._port.done():
            self._port.set_exception(cause)
