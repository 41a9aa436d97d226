"""How waiting entries become messages: each on its own, or many of one partition in an envelope. Pure."""

from collections.abc import Callable
from typing import Generic, NamedTuple, Protocol

from ingest.decode.framing import encode_envelope
from ingest.sources.producer.parcel import Addressed, OutgoingMessage, QueuedItem, T

ENVELOPE_BYTES = 900_000
"""Largest envelope of several events: librdkafka takes messages up to 1,000,000 bytes, brokers a little more."""

_ENTRY_BYTES = 6
"""Most that an event takes in an envelope besides its own bytes: a tag and a length."""


class Packer(Protocol[T]):
    """Turns entries into messages, in their order."""

    def add(self, entry: QueuedItem[T], now: float) -> list[OutgoingMessage[T]]:
        """Messages that are complete with this entry. now: seconds of a steady clock."""
        ...

    def due(self, now: float) -> list[OutgoingMessage[T]]:
        """Messages that have waited long enough for other entries."""
        ...

    @property
    def due_at(self) -> float | None:
        """When there is something due, None when nothing waits."""
        ...


class SingleEvents(Generic[T]):
    """A message for each entry; its key decides the partition."""

    due_at = None

    def add(self, entry: QueuedItem[T], now: float) -> list[OutgoingMessage[T]]:
        """See Packer."""
        topic, key, value = entry.address
        return [OutgoingMessage(topic, None, key, value, (entry.item,))]

    def due(self, now: float) -> list[OutgoingMessage[T]]:
        """See Packer."""
        return []


class EnvelopeLimits(NamedTuple):
    """When an envelope is closed: so many events, about so many bytes, or so many seconds after its first event."""

    events: int
    linger: float
    bytes: int = ENVELOPE_BYTES


class _Open(Generic[T]):
    """An envelope that waits for more."""

    def __init__(self, due_at: float) -> None:
        self.due_at = due_at
        self.bytes = 0
        self.items: list[T] = []
        self.values: list[bytes] = []

    def add(self, entry: QueuedItem[T]) -> None:
        self.items.append(entry.item)
        self.values.append(entry.address.value)
        self.bytes += len(entry.address.value) + _ENTRY_BYTES


class Envelopes(Generic[T]):
    """Messages of many events of one topic partition each, which each event's key has chosen."""

    def __init__(self, limits: EnvelopeLimits, place_of: Callable[[Addressed], int]) -> None:
        """place_of says the partition; what it raises passes through add(), which then has changed nothing."""
        self._limits = limits
        self._place_of = place_of
        self._open: dict[tuple[str, int], _Open[T]] = {}  # in the order in which they become due

    def add(self, entry: QueuedItem[T], now: float) -> list[OutgoingMessage[T]]:
        """See Packer."""
        place = (entry.address.topic, self._place_of(entry.address))
        envelope = self._open.get(place)
        complete: list[OutgoingMessage[T]] = []
        if envelope and envelope.bytes + len(entry.address.value) + _ENTRY_BYTES > self._limits.bytes:
            complete.append(self._close(place))
            envelope = None
        if envelope is None:
            envelope = self._open[place] = _Open(now + self._limits.linger)
        envelope.add(entry)
        if len(envelope.items) >= self._limits.events:
            complete.append(self._close(place))
        return complete

    def due(self, now: float) -> list[OutgoingMessage[T]]:
        """See Packer."""
        return [self._close(place) for place in [place for place, each in self._open.items() if each.due_at <= now]]

    @property
    def due_at(self) -> float | None:
        """See Packer."""
        return next((envelope.due_at for envelope in self._open.values()), None)

    def _close(self, place: tuple[str, int]) -> OutgoingMessage[T]:
        envelope = self._open.pop(place)
        return OutgoingMessage(*place, key=None, value=encode_envelope(envelope.values), items=tuple(envelope.items))
