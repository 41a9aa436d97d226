"""The role `serve` in a thread of the test."""

import asyncio
import threading

from prometheus_client import CollectorRegistry

from common.lifecycle import Stop
from common.settings.serve import ServeSettings
from common.timing import Clock, system_clock
from serve.app import serve
from serve.readiness.state import ServingState


class ServeThread:
    """Serves from start() to end(); settings are beside an address of the loopback interface and any free port."""

    def __init__(self, clock: Clock = system_clock, **settings: object) -> None:
        self._settings = ServeSettings.model_validate({"grpc_host": "127.0.0.1", "grpc_port": 0, **settings})
        self._clock = clock
        self._stop = Stop()
        self.state = ServingState()
        self.registry = CollectorRegistry()
        self.died_of: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> str:
        """Address to ask, once gRPC listens there. Raises what serving died of before."""
        self._thread.start()
        return f"127.0.0.1:{self.state.grpc_port(timeout=30)}"

    def end(self) -> None:
        """Stop and wait for the end."""
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            asyncio.run(serve(self._settings, self._stop, self.state, self.registry, self._clock))
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.died_of = error
