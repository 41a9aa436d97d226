"""A message of the topic that a worker reads."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

from ingest.events import Dropped, Event, EventKind, Follow, Ignored, Malformed, MalformedReason


class Message(NamedTuple):
    """payload is None for a null payload (a tombstone of a compacted topic).

    sent_ms: when it was sent or, as the topic decides, reached its broker, in Unix milliseconds; -1 for unknown.
    traceparent: of the span that sent it, empty for none or when nobody asks.
    """

    partition: int
    offset: int
    payload: bytes | None
    sent_ms: int = -1
    traceparent: str = ""


E = TypeVar("E", bound=Event | Follow)
"""What a topic holds: what happens to posts, or follows."""

E_contra = TypeVar("E_contra", bound=Event | Follow, contravariant=True)
"""The same, for who is given it."""

Decoder = Callable[[bytes, int], E | Ignored | Dropped]
"""(payload of one event, now in Unix seconds) -> what it is. Raises Malformed and nothing else."""

Opener = Callable[[bytes], Sequence[bytes]]
"""Payload of a message -> payloads of its events. Raises Malformed and nothing else."""

_NULL_PAYLOAD = Ignored(EventKind.NULL_PAYLOAD)


class Format(NamedTuple, Generic[E]):
    """How the messages of a topic are read."""

    open: Opener
    decode: Decoder[E]


class Reject(NamedTuple):
    """A malformed message, or a malformed event of one. detail names the field and its value's shape, no content."""

    message: Message
    reason: MalformedReason
    detail: str


class Batch(NamedTuple, Generic[E]):
    """Messages in the order of delivery, each with its outcome; a message of several events is there for each."""

    entries: tuple[tuple[Message, E | Ignored | Dropped | Reject], ...]

    @property
    def messages(self) -> list[Message]:
        """All messages."""
        return [message for message, _ in self.entries]

    @property
    def outcomes(self) -> list[E | Ignored | Dropped | Reject]:
        """What they are, in the same order."""
        return [outcome for _, outcome in self.entries]

    @property
    def events(self) -> list[E]:
        """What the sink must be given."""
        return [outcome for _, outcome in self.entries if not isinstance(outcome, (Ignored, Dropped, Reject))]

    @property
    def rejects(self) -> list[Reject]:
        """What the dead-letter topic must be given."""
        return [outcome for _, outcome in self.entries if isinstance(outcome, Reject)]

    def without(self, partitions: Collection[int]) -> "Batch[E]":
        """The batch less the messages of partitions that belong to another member now."""
        return Batch(tuple(entry for entry in self.entries if entry[0].partition not in partitions))


def decode_batch(messages: Iterable[Message], form: Format[E], now: int) -> Batch[E]:
    """Decode each message at the time `now` (Unix seconds)."""
    return Batch(tuple(entry for message in messages for entry in _entries(message, form, now)))


def _entries(message: Message, form: Format[E], now: int) -> Iterator[tuple[Message, E | Ignored | Dropped | Reject]]:
    if message.payload is None:
        yield message, _NULL_PAYLOAD
        return
    try:
        payloads = form.open(message.payload)
    except Malformed as malformed:
        yield message, Reject(message, malformed.reason, str(malformed))
        return
    for payload in payloads:
        try:
            yield message, form.decode(payload, now)
        except Malformed as malformed:
            yield message, Reject(message._replace(payload=payload), malformed.reason, str(malformed))
