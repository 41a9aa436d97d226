"""Repeats look-ups of start offsets until they succeed: counted, and logged once per cause."""

import logging
import time
from collections.abc import Callable

from confluent_kafka import KafkaError

from common.timing import Backoff
from ingest.kafka.faults import Complaint
from ingest.kafka.start_lookup import StartAnswer, StartLookup, StartRequest

_BACKOFF = Backoff(first=0.2, longest=1.0)
"""Partitions are not read meanwhile, and a failure of Kafka has taken its time already."""

_log = logging.getLogger("thunder.ingest")


class StartRetry:
    """Asks for starts again and again, between polls. Does not block."""

    def __init__(
        self,
        lookup: StartLookup,
        topic: str,
        on_failure: Callable[[KafkaError], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """on_failure is called with each failure."""
        self._monotonic = monotonic
        self._lookup = lookup
        self._topic = topic
        self._on_failure = on_failure
        self._failures = 0
        self._not_before = 0.0
        self._complaint, self._waiting = Complaint(), Complaint()

    def hurry(self) -> None:
        """Something changed: ask at once."""
        self._failures, self._not_before = 0, 0.0

    def begin(self, request: StartRequest) -> None:
        """Look up the starts of these partitions, unless there are none, or it is under way or too early."""
        if request.policies and not self._lookup.running and self._monotonic() >= self._not_before:
            self._lookup.begin(request)

    def take(self) -> StartAnswer | None:
        """The answer to the latest request, once. Raises what is no failure of Kafka."""
        answer = self._lookup.take()
        if answer is None:
            return None
        if answer.crash is not None:
            raise answer.crash
        self._not_before = self._monotonic() + _BACKOFF.delay(self._failures)
        if answer.failure is None:
            self._succeeded(answer)
        else:
            self._failed(answer.failure)
        return answer

    def _succeeded(self, answer: StartAnswer) -> None:
        self._failures = 0
        if self._complaint.ended():
            _log.info("Start offsets of partitions of %s can be looked up again", self._topic)
        if not answer.found and self._waiting.is_new("first partition"):
            _log.info("Waiting for the member that reads partition 0 of %s to start the new group", self._topic)

    def _failed(self, failure: KafkaError) -> None:
        self._failures += 1
        self._on_failure(failure)
        if self._complaint.is_new(failure.name()):
            _log.warning(
                "Start offsets of partitions of %s cannot be looked up, they are not read until then: %s",
                self._topic,
                failure.str(),
            )
