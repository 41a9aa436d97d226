"""Waiting for what Kafka should have: says what is waited for, can be stopped, gives up when refused or told to."""

import logging
import math
import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar, overload

from common.errors import KafkaUnavailable
from common.timing import Backoff

T = TypeVar("T")

ATTEMPT_SECONDS = 2.0
"""How long one question waits for its answer: so soon a refusal shows."""

_SILENT_SECONDS = 1.0
"""What comes within this is not worth a line."""

_BACKOFF = Backoff(first=0.2, longest=5.0)

_log = logging.getLogger("thunder.kafka")


@overload
def retry_until(
    ask: Callable[[], T | None], awaited: str, trouble: Callable[[], str], stop: None = None, seconds: float = math.inf
) -> T: ...


@overload
def retry_until(
    ask: Callable[[], T | None], awaited: str, trouble: Callable[[], str], stop: Event | None, seconds: float = math.inf
) -> T | None: ...


def retry_until(
    ask: Callable[[], T | None],
    awaited: str,
    trouble: Callable[[], str],
    stop: Event | None = None,
    seconds: float = math.inf,
) -> T | None:
    """First answer that is not None; None when told to stop before. Blocks.

    KafkaUnavailable when there is none after so many seconds, and an attempt more; what ask raises.
    """
    stop = stop or Event()
    began = time.monotonic()
    attempt = 0
    while not stop.is_set():
        answer = ask()
        if answer is not None:
            return answer
        waited = time.monotonic() - began
        if waited > seconds:
            raise KafkaUnavailable(f"waited {seconds:g} s in vain for {awaited}: {trouble()}")
        if waited > _SILENT_SECONDS:
            _log.warning("Waiting for %s: %s", awaited, trouble())
        stop.wait(_BACKOFF.delay(attempt))
        attempt += 1
    return None
