"""Messages of a topic, their decoding into a batch, and the sizes of batches. Pure."""

from collections.abc import Callable, Collection, Iterable, Sequence
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
_NOTHING = (None,)


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
    """Outcomes in the order of delivery, and the message of each: one of several events is there several times."""

    messages: list[Message]
    outcomes: list[Outcome[E]]
    dead_letters: list[DeadLetter]

    @property
    def events(self) -> list[E]:
        """Events to write to the sink."""
        return [outcome for outcome in self.outcomes if not isinstance(outcome, (Ignored, Dropped, DeadLetter))]

    def without(self, partitions: Collection[int]) -> "Batch[E]":
        """The batch less the messages of partitions that belong to another member now."""
        kept = [each for each in zip(self.messages, self.outcomes, strict=True) if each[0].partition not in partitions]
        return batch_of(kept)


def batch_of(entries: Iterable[tuple[Message, Outcome[E]]]) -> Batch[E]:
    """A batch of these outcomes, each with its message."""
    batch = Batch[E]([], [], [])
    for message, outcome in entries:
        batch.messages.append(message)
        batch.outcomes.append(outcome)
        if isinstance(outcome, DeadLetter):
            batch.dead_letters.append(outcome)
    return batch


class Undecoded(NamedTuple):
    """Messages in the order of delivery, before they are decoded."""

    messages: list[Message]

    def without(self, partitions: Collection[int]) -> "Undecoded":
        """The messages less those of partitions that belong to another member now."""
        return Undecoded([message for message in self.messages if message.partition not in partitions])


Gather = Callable[[float], float]
"""Seconds since the first message of a batch -> seconds to wait for more now; none, 0 or below, when it is complete."""

_BATCH_INTERVAL_SECONDS = 0.005
"""Least time from one batch of a thread to the next: batches of single messages would cost more than they hold."""

_GATHERING_STEP_SECONDS = 0.002


def no_gathering(_elapsed: float) -> float:
    """Take what is there."""
    return 0.0


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

    def gathering(self, elapsed: float, since_last: float, *, catching_up: bool, is_writing: bool) -> float:
        """Seconds to wait for more messages, `elapsed` after the first; 0 or below: write them.

        since_last: since the batch before was taken. is_writing: other threads write batches.
        """
        left = self.linger - elapsed
        if catching_up:
            return left
        return min(left, _GATHERING_STEP_SECONDS if is_writing else _BATCH_INTERVAL_SECONDS - since_last)


def batching_of(settings: KafkaSettings) -> Batching:
    """Batching as the settings have it."""
    return Batching(
        settings.kafka_batch_size,
        settings.catch_up_batch_size,
        settings.fetch_timeout_ms / 1000,
        settings.batch_linger_ms / 1000,
    )


def decode_batch(messages: Sequence[Message], message_format: MessageFormat[E], now: int) -> Batch[E]:
    """Decode each message at the time `now` (Unix seconds). A malformed one costs no other."""
    batch = Batch[E]([], [], [])
    keep_message, keep_outcome = batch.messages.append, batch.outcomes.append
    open_message, decode = message_format
    for message in messages:
        payload = message.payload
        try:
            payloads = _NOTHING if payload is None else open_message(payload)
        except Malformed as malformed:
            _append(batch, message, DeadLetter(message, malformed.reason, str(malformed)))
            continue
        for each in payloads:
            try:
                keep_outcome(_NULL_PAYLOAD if each is None else decode(each, now))
                keep_message(message)
            except Malformed as malformed:
                _append(batch, message, DeadLetter(message._replace(payload=each), malformed.reason, str(malformed)))
    return batch


def _append(batch: Batch[E], message: Message, dead_letter: DeadLetter) -> None:
    batch.messages.append(message)
    batch.outcomes.append(dead_letter)
    batch.dead_letters.append(dead_letter)
