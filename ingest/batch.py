"""A batch of messages with what each turned out to be. One bad message never costs its batch."""

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from common.post import LightPost
from ingest.events import AuthorDelete, Decoded, Event, EventKind, Ignored, Malformed, MalformedReason, PostDelete
from ingest.message import Message

Decoder = Callable[[bytes, int], Decoded]
"""(payload, now in Unix seconds) -> what it is. Raises Malformed and nothing else."""

_NULL_PAYLOAD = Ignored(EventKind.NULL_PAYLOAD)


class Reject(NamedTuple):
    """A malformed message. detail names the field and the shape of its value, never its content."""

    message: Message
    reason: MalformedReason
    detail: str


Outcome = Decoded | Reject


class Batch(NamedTuple):
    """Messages in the order of delivery, each with its outcome."""

    entries: tuple[tuple[Message, Outcome], ...]

    @property
    def messages(self) -> list[Message]:
        """All messages."""
        return [message for message, _ in self.entries]

    @property
    def outcomes(self) -> list[Outcome]:
        """What they are, in the same order."""
        return [outcome for _, outcome in self.entries]

    @property
    def events(self) -> list[Event]:
        """What the sink must be given."""
        return [outcome for _, outcome in self.entries if isinstance(outcome, (LightPost, PostDelete, AuthorDelete))]

    @property
    def rejects(self) -> list[Reject]:
        """What the dead-letter topic must be given."""
        return [outcome for _, outcome in self.entries if isinstance(outcome, Reject)]

    def without(self, partitions: Collection[int]) -> "Batch":
        """The batch less the messages of partitions that belong to another member now."""
        return Batch(tuple(entry for entry in self.entries if entry[0].partition not in partitions))


def decode_batch(messages: Iterable[Message], decode: Decoder, now: int) -> Batch:
    """Decode each message at the time `now` (Unix seconds)."""
    return Batch(tuple((message, _outcome(message, decode, now)) for message in messages))


def _outcome(message: Message, decode: Decoder, now: int) -> Outcome:
    if message.payload is None:
        return _NULL_PAYLOAD
    try:
        return decode(message.payload, now)
    except Malformed as malformed:
        return Reject(message, malformed.reason, str(malformed))
