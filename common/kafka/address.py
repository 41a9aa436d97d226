"""Where a message is in Kafka."""

from enum import Enum
from typing import NamedTuple


class PartitionAddress(NamedTuple):
    """A partition of a topic. Written as "posts[3]"."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}]"


class Edge(Enum):
    """The oldest message that a partition keeps, or the next one that will be written."""

    BEGINNING = "beginning"
    END = "end"


class Since(NamedTuple):
    """The first message of this time (Unix milliseconds) or later; the end where there is none."""

    timestamp_ms: int


Start = int | Edge | Since
"""Where to begin to read a partition; a number is an offset."""
