"""An ingest worker that dies of SIGKILL at a chosen moment.

Arguments: MOMENT NOW SETTINGS; settings of the role as JSON, NOW for its clock.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NoReturn

from prometheus_client import CollectorRegistry

from common.lifecycle import Stop, stop_on_signals
from common.settings.ingest import IngestSettings
from common.store.client import StoreClient
from ingest.app import ingest_route
from ingest.events import Decoded
from ingest.loop import Sink
from ingest.metrics import IngestMetrics
from ingest.post_row import StoreEvent
from ingest.wiring import OpenedSink, Route
from ingest.worker import KafkaWorker


class Moment(StrEnum):
    NEVER = "never"
    AFTER_FETCH = "after-fetch"
    AFTER_FIRST_SCRIPT = "after-first-script"
    AFTER_WRITE = "after-write"


def main(moment: Moment, now: int, settings: IngestSettings) -> None:
    stop, registry = Stop(), CollectorRegistry()
    stop_on_signals(stop)
    route = _dying(ingest_route(settings, registry), moment)
    role = KafkaWorker(settings, route, stop, IngestMetrics(registry), lambda: now)
    role.start(lambda: print("caught up", flush=True))
    stop.wait()
    role.join(10)


def _dying(route: Route[StoreEvent], moment: Moment) -> Route[StoreEvent]:
    if moment is Moment.AFTER_FETCH:
        return route._replace(message_format=route.message_format._replace(decode=_die_decoding))
    if moment in (Moment.AFTER_FIRST_SCRIPT, Moment.AFTER_WRITE):
        return route._replace(open_sink=lambda: _dying_sink(route.open_sink(), moment))
    return route


def _dying_sink(opened: OpenedSink[StoreEvent], moment: Moment) -> OpenedSink[StoreEvent]:
    return opened._replace(sink=_DyingSink(opened.sink, moment))


def _die(*_: object) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def _die_decoding(payload: bytes, now: int) -> Decoded:
    _die(payload, now)


class _DyingSink:
    """Passes events on to the real sink and kills the process."""

    def __init__(self, sink: Sink[StoreEvent], moment: Moment) -> None:
        self._sink = sink
        self._moment = moment

    def write(self, events: Sequence[StoreEvent], now: int) -> None:
        if self._moment is Moment.AFTER_FIRST_SCRIPT:
            _die_after(StoreClient, "run")
        self._sink.write(events, now)
        _die()


def _die_after(owner: type, method: str) -> None:
    run: Callable[..., object] = getattr(owner, method)

    def run_and_die(*arguments: object) -> NoReturn:
        run(*arguments)
        _die()

    setattr(owner, method, run_and_die)


if __name__ == "__main__":
    main(Moment(sys.argv[1]), int(sys.argv[2]), IngestSettings.model_validate_json(sys.argv[3]))
