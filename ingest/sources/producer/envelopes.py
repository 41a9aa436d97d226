"""Envelopes: Kafka messages of many events of one topic partition."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple

from common.errors import ConfigurationError, KafkaUnavailable
from ingest.decode.framing import encode_envelope
from ingest.sources.producer.outgoing import Addressed, OutgoingMessage, T

ENVELOPE_BYTES = 900_000
"""Largest envelope of several events: librdkafka takes messages up to 1,000,000 bytes, brokers a little more."""

_ENTRY_BYTES = 6
"""Most that an event takes in an envelope besides its own bytes: a tag and a length."""

_EVERYTHING = float("inf")


class EnvelopeLimits(NamedTuple):
    """Limits that close an envelope: number of events, their bytes, or seconds after its first event."""

    events: int
    linger: float
    bytes: int = ENVELOPE_BYTES


class _Envelope(Generic[T]):
    """An envelope that is open for more events."""

    def __init__(self, due_at: float) -> None:
        self.due_at = due_at
        self.bytes = 0
        self.items: list[T] = []
        self.values: list[bytes] = []


class Envelopes(Generic[T]):
    """Packs events by the partition of their key, in order. Pure."""

    def __init__(self, limits: EnvelopeLimits, partition: Callable[[Addressed], int]) -> None:
        """Partition of an address; what it raises passes through add(), which then has changed nothing."""
        self._limits = limits
        self._partition = partition
        self._open: dict[tuple[str, int], _Envelope[T]] = {}  # in the order in which they become due

    @property
    def due_at(self) -> float | None:
        """Time at which the first open envelope is due, None when there is none."""
        return next((envelope.due_at for envelope in self._open.values()), None)

    def add(self, item: T, address: Addressed, now: float) -> list[OutgoingMessage[T]]:
        """Messages that are complete with this event. now: seconds of a steady clock."""
        place, size = (address.topic, self._partition(address)), len(address.value) + _ENTRY_BYTES
        complete: list[OutgoingMessage[T]] = []
        if place in self._open and self._open[place].bytes + size > self._limits.bytes:
            complete.append(self._close(place))
        envelope = self._open.get(place)
        if envelope is None:
            envelope = self._open[place] = _Envelope(now + self._limits.linger)
        envelope.items.append(item)
        envelope.values.append(address.value)
        envelope.bytes += size
        if len(envelope.items) >= self._limits.events:
            complete.append(self._close(place))
        return complete

    def due(self, now: float) -> list[OutgoingMessage[T]]:
        """Messages that have waited for other events as long as they may."""
        return [self._close(place) for place in [place for place, each in self._open.items() if each.due_at <= now]]

    def _close(self, place: tuple[str, int]) -> OutgoingMessage[T]:
        envelope = self._open.pop(place)
        return OutgoingMessage(*place, key=None, value=encode_envelope(envelope.values), items=tuple(envelope.items))


class EnvelopePacker(Generic[T]):
    """Packs events in a thread of its own, since the number of partitions may have to be waited for."""

    def __init__(
        self,
        envelopes: Envelopes[T],
        send: Callable[[OutgoingMessage[T]], object],
        fail: Callable[[OutgoingMessage[T], Exception], object],
    ) -> None:
        """Send takes complete messages, fail takes single events whose partition is not known. Must not raise."""
        self._envelopes = envelopes
        self._send = send
        self._fail = fail
        self._waiting: list[tuple[T, Addressed]] = []
        self._closed = False
        self._filled = threading.Condition()

    def add(self, item: T, address: Addressed) -> None:
        """Pack the event soon. For any thread."""
        with self._filled:
            self._waiting.append((item, address))
            if len(self._waiting) == 1:
                self._filled.notify()

    def close(self) -> None:
        """Wait for no more events."""
        with self._filled:
            self._closed = True
            self._filled.notify()

    def run(self) -> None:
        """Return when it is closed and all is sent. Blocks."""
        while (events := self._take()) is not None:
            for item, address in events:
                self._pack(item, address)
            self._send_all(self._envelopes.due(time.monotonic()))
        self._send_all(self._envelopes.due(_EVERYTHING))

    def _take(self) -> list[tuple[T, Addressed]] | None:
        """All that waits; nothing when an envelope is due first; None when it is closed and empty."""
        due_at = self._envelopes.due_at
        with self._filled:
            seconds = None if due_at is None else max(0.0, due_at - time.monotonic())
            self._filled.wait_for(lambda: self._waiting or self._closed, seconds)
            events, self._waiting = self._waiting, []
            return events if events or not self._closed else None

    def _pack(self, item: T, address: Addressed) -> None:
        try:
            self._send_all(self._envelopes.add(item, address, time.monotonic()))
        except (KafkaUnavailable, ConfigurationError) as error:
            self._fail(OutgoingMessage(address.topic, None, address.key, address.value, (item,)), error)

    def _send_all(self, messages: Sequence[OutgoingMessage[T]]) -> None:
        for message in messages:
            self._send(message)
