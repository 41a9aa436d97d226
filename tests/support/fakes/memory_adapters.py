"""A sink and a dead-letter topic in memory, which can be made to fail, and a decoder for payloads of digits."""

from collections.abc import Callable, Sequence

from common.errors import KafkaUnavailable, StoreUnavailable
from ingest.batch import DeadLetter, MessageFormat
from ingest.decode.formats import single
from ingest.events import Decoded, Event, EventKind, Ignored, Malformed, MalformedReason, PostDelete


class MemorySink:
    """Holds what was written. Fails as long as failures are left, calling on_failure each time."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.failures: int = 0
        self.on_failure: Callable[[], object] = lambda: None

    def write(self, events: Sequence[Event], now: int) -> None:
        if self.failures:
            self.failures -= 1
            self.on_failure()
            raise StoreUnavailable
        self.events += events

    @property
    def ids(self) -> list[int]:
        return [event.post_id for event in self.events if isinstance(event, PostDelete)]


class MemoryDeadLetters:
    """Holds dead letters. Fails as long as failures are left, calling on_failure each time."""

    def __init__(self) -> None:
        self.written: list[DeadLetter] = []
        self.failures: int = 0
        self.on_failure: Callable[[], object] = lambda: None

    def write(self, dead_letters: Sequence[DeadLetter]) -> None:
        if dead_letters and self.failures:
            self.failures -= 1
            self.on_failure()
            raise KafkaUnavailable
        self.written += dead_letters


def decode_digits(payload: bytes, now: int) -> Decoded:
    """A number is the delete of that post, a lone dash is ignored, anything else is malformed."""
    if payload == b"-":
        return Ignored(EventKind.UNDELETE)
    if not payload.isdigit():
        raise Malformed(MalformedReason.BAD_WIRE, "not a number")
    return PostDelete(int(payload), now)


DIGITS = MessageFormat[Event](single, decode_digits)
