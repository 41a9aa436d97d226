"""A message of the topic that a worker reads."""

from typing import NamedTuple


class Message(NamedTuple):
    """payload is None for a null payload (a tombstone of a compacted topic)."""

    partition: int
    offset: int
    payload: bytes | None
