"""Retries a question to Kafka until it has an answer: logs what it waits for, can be stopped, can time out."""

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
"""Time limit of one attempt: a refusal shows this soon."""

_SILENT_SECONDS = 1.0
"""Answers within this time log nothing."""

_BACKOFF = Backoff(first=0.2, longest=5.0)

_log = logging.getLogger("thunder.kafka")


@overload
def retry_until(
    ask: Callable[[], T | None], awaited: str, problem: Callable[[], str], stop: None = None, seconds: float = math.inf
) -> T: ...


@overload
def retry_until(
    ask: Callable[[], T | None], awaited: str, problem: Callable[[], str], stop: Event | None, seconds: float = math.inf
) -> T | None: ...


def retry_until(
    ask: Callable[[], T | None],
    awaited: str,
    problem: Callable[[], str],
    stop: Event | None = None,
    seconds: float = math.inf,
) -> T | None:
    """Return the first answer that is not None; None when the stop is set first. Blocks.

    Raises KafkaUnavailable when there is none after these seconds and one attempt more, and what ask raises.
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
            raise KafkaUnavailable(f"waited {seconds:g} s for {awaited}: {problem()}")
        if waited > _SILENT_SECONDS:
            _log.warning("Waiting for %s: %s", awaited, problem())
        stop.wait(_BACKOFF.delay(attempt))
        attempt += 1
    return None
