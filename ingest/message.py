"""A message of the topic that a worker reads."""

from typing import NamedTuple


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
