"""Topics as they are wanted, partitions, and positions in them."""

from enum import Enum, StrEnum
from typing import NamedTuple

_DAY_SECONDS = 86_400


class TopicConfiguration(NamedTuple):
    """A topic to create. replication_factor: None for the brokers' default; retention_seconds: None for ever."""

    name: str
    partitions: int = 1
    replication_factor: int | None = None
    retention_seconds: int | None = None


class Creation(StrEnum):
    """What became of a topic that was to be there."""

    CREATED = "created"
    THERE = "there"
    DIFFERS = "differs"
    FAILED = "failed"


class TopicOutcome(NamedTuple):
    """The topic, and the partitions that it has: None where it could not be created; then the reason says why."""

    name: str
    creation: Creation
    partitions: int | None
    reason: str = ""


def found(wanted: TopicConfiguration, partitions: int) -> TopicOutcome:
    """Outcome for a topic that exists, with so many partitions."""
    if partitions == wanted.partitions:
        return TopicOutcome(wanted.name, Creation.THERE, partitions)
    return TopicOutcome(wanted.name, Creation.DIFFERS, partitions, f"it was to have {wanted.partitions} partitions")


def dead_letters(name: str, replication_factor: int | None = None) -> TopicConfiguration:
    """The topic of bad messages: few, and kept long enough for somebody to come back from a holiday."""
    return TopicConfiguration(name, 1, replication_factor, 14 * _DAY_SECONDS)


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


class AtTime(NamedTuple):
    """The first message of this time (Unix milliseconds) or later; the end where there is none."""

    timestamp_ms: int


StartPosition = int | Edge | AtTime
"""Where to begin to read a partition; a number is an offset."""
