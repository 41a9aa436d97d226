"""Messages of a topic, their decoding into a batch, and the sizes of batches. Pure."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

from common.settings.kafka import KafkaSettings
from ingest.events import Dropped, Event, EventKind, Follow, Ignored, Malformed, MalformedReason
from ingest.post_row import StoreEvent


class Message(NamedTuple):
    """A message of Kafka. payload is None for a null payload (a tombstone of a compacted topic).

    sent_ms: its timestamp in Unix milliseconds, of its producer or its broker as the topic decides; -1 for unknown.
    traceparent: of the span that sent it, empty for none or without tracing.
    """

    partition: int
    offset: int
    payload: bytes | None
    sent_ms: int = -1
    traceparent: str = ""


E = TypeVar("E", bound=Event | StoreEvent | Follow)
"""Type of a topic's events: about posts, as the refined topic or the store takes them, or follows."""

E_contra = TypeVar("E_contra", bound=Event | StoreEvent | Follow, contravariant=True)
"""The same, for receivers of events."""

Decoder = Callable[[bytes, int], E | Ignored | Dropped]
"""(payload of one event, now in Unix seconds) -> its outcome. Raises Malformed and nothing else."""

Opener = Callable[[bytes], Sequence[bytes]]
"""Payload of a message -> payloads of its events. Raises Malformed and nothing else."""

_NULL_PAYLOAD = Ignored(EventKind.NULL_PAYLOAD)


class MessageFormat(NamedTuple, Generic[E]):
    """Wire format of a topic: a message is opened, each event in it is decoded."""

    open: Opener
    decode: Decoder[E]


class DeadLetter(NamedTuple):
    """A malformed message, or a malformed event of one. detail names the field and its value's shape, no content."""

    message: Message
    reason: MalformedReason
    detail: str


Outcome = E | Ignored | Dropped | DeadLetter
"""Result of decoding one event."""


class Batch(NamedTuple, Generic[E]):
    """Messages in the order of delivery, each with its outcome; a message of several events has an entry for each."""

    entries: tuple[tuple[Message, Outcome[E]], ...]

    @property
    def messages(self) -> list[Message]:
        """The message of each entry."""
        return [message for message, _ in self.entries]

    @property
    def outcomes(self) -> list[Outcome[E]]:
        """The outcome of each entry."""
        return [outcome for _, outcome in self.entries]

    @property
    def events(self) -> list[E]:
        """Events to write to the sink."""
        return [outcome for _, outcome in self.entries if not isinstance(outcome, (Ignored, Dropped, DeadLetter))]

    @property
    def dead_letters(self) -> list[DeadLetter]:
        """Malformed events, for the dead-letter topic."""
        return [outcome for _, outcome in self.entries if isinstance(outcome, DeadLetter)]

    def without(self, partitions: Collection[int]) -> "Batch[E]":
        """The batch less the messages of partitions that belong to another member now."""
        return Batch(tuple(entry for entry in self.entries if entry[0].partition not in partitions))


class Undecoded(NamedTuple):
    """Messages in the order of delivery, before they are decoded."""

    messages: list[Message]

    def without(self, partitions: Collection[int]) -> "Undecoded":
        """The messages less those of partitions that belong to another member now."""
        return Undecoded([message for message in self.messages if message.partition not in partitions])


class Batching(NamedTuple):
    """Sizes of batches in events, and waits in seconds.

    fetch_timeout: longest wait for a first message; linger: longest wait for others after it.
    """

    size: int
    catch_up_size: int
    fetch_timeout: float
    linger: float

    def wanted(self, catching_up: bool, events_per_message: float = 1.0) -> int:
        """Number of messages to ask for, so that they hold a batch of events."""
        events = max(self.size, self.catch_up_size) if catching_up else self.size
        return max(1, round(events / events_per_message))


def batching_of(settings: KafkaSettings) -> Batching:
    """Batching as the settings have it."""
    return Batching(
        settings.kafka_batch_size,
        settings.catch_up_batch_size,
        settings.fetch_timeout_ms / 1000,
        settings.batch_linger_ms / 1000,
    )


def decode_batch(messages: Iterable[Message], message_format: MessageFormat[E], now: int) -> Batch[E]:
    """Decode each message at the time `now` (Unix seconds). A malformed one costs no other."""
    return Batch(tuple(entry for message in messages for entry in _entries(message, message_format, now)))


def _entries(
    message: Message, message_format: MessageFormat[E], now: int
) -> Iterator[tuple[Message, E | Ignored | Dropped | DeadLetter]]:
    if message.payload is None:
        yield message, _NULL_PAYLOAD
        return
    try:
        payloads = message_format.open(message.payload)
    except Malformed as malformed:
        yield message, DeadLetter(message, malformed.reason, str(malformed))
        return
    for payload in payloads:
        try:
            yield message, message_format.decode(payload, now)
        except Malformed as malformed:
            yield message, DeadLetter(message._replace(payload=payload), malformed.reason, str(malformed))
