"""What a source says, message by message, whatever network it listens to. Pure."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple, Protocol

from ingest.events import Event, Follow


class Fate(StrEnum):
    """What becomes of a message of a source."""

    SENT = "sent"
    IGNORED = "ignored"
    DROPPED = "dropped"


class Heard(NamedTuple):
    """One message of a source.

    label says what it is, in a word of a closed set of its source: the kind of what is sent or ignored, the reason of
    what is dropped. event is what to send, None unless it is sent. position is where the source resumes to miss nothing
    after this message, empty where it has none. detail says what is wrong with a dropped message, never its content.
    """

    fate: Fate
    label: str
    event: Event | Follow | None = None
    position: str = ""
    detail: str = ""
    has_bad_date: bool = False


TOO_LARGE = "too_large"
"""Why a message is dropped that no source takes into memory as a whole."""


def too_large(limit: int) -> Heard:
    """A message of more than limit bytes was heard of."""
    return Heard(Fate.DROPPED, TOO_LARGE, detail=f"more than {limit:,} bytes")


class Source(Protocol):
    """Where events come from."""

    @property
    def name(self) -> str:
        """One word; counts and position are kept under it."""
        ...

    @property
    def expected(self) -> int | None:
        """How many messages there will be, None when nobody knows."""
        ...

    @property
    def reconnects(self) -> int:
        """How often a lost connection was made anew. For any thread."""
        ...

    def listen(self, position: str, told_to_stop: Callable[[], bool]) -> Iterator[Heard]:
        """Messages from position on (empty: the source's own start), until it ends or is told to stop.

        A lost connection is made anew with a growing delay, from where it stopped. It ends soon after it is told to
        stop, also when nothing is heard. Blocks. ConfigurationError: trying again does not help.
        """
        ...
