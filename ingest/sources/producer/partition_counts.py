"""How many partitions topics have, asked when first needed and again now and then: they may grow."""

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from common.errors import KafkaUnavailable

_SECONDS_BETWEEN_LOOKS = 300.0
"""As often as librdkafka looks by itself: single events and envelopes move to new partitions at about the same time."""


class _Known(NamedTuple):
    partitions: int
    asked_at: float


class PartitionCounts:
    """Remembers what it asked. For any thread."""

    def __init__(self, ask: Callable[[str], int | None], clock: Callable[[], float] = time.monotonic) -> None:
        """Of a topic, ask() gives the number of partitions, None when told to stop first; it may block."""
        self._ask = ask
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._asking = threading.Lock()

    def of(self, topic: str) -> int:
        """Number of partitions. May block. KafkaUnavailable when nobody is to wait any longer, KafkaRefused."""
        known = self._known.get(topic)
        if known is None or known.asked_at + _SECONDS_BETWEEN_LOOKS <= self._clock():
            known = self._look_again(topic, known)
        return known.partitions

    def _look_again(self, topic: str, seen: _Known | None) -> _Known:
        with self._asking:
            known = self._known.get(topic)
            if known is not None and known is not seen:
                return known  # another thread has asked meanwhile
            partitions = self._ask(topic)
            if partitions is None:
                raise KafkaUnavailable(f"the partitions of {topic} were not found in time")
            self._known[topic] = _Known(partitions, self._clock())
            return self._known[topic]
