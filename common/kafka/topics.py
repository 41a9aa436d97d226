"""Topics to create and what became of them, partitions, and positions in them. Pure."""

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import NamedTuple

_DAY_SECONDS = 86_400


class TopicConfiguration(NamedTuple):
    """A topic to create. replication_factor: None for the brokers' default; retention_seconds: None for ever."""

    name: str
    partitions: int = 1
    replication_factor: int | None = None
    retention_seconds: int | None = None


Topics = Mapping[str, int]
"""Existing topics, with the number of their partitions."""


class TopicFacts(NamedTuple):
    """A topic as it is now. id: another one once it is deleted and made again; empty where the brokers give none."""

    partitions: int
    id: str = ""


class Creation(StrEnum):
    """Outcome of asking for a topic: newly created, there as wanted, there with other partitions, or failed."""

    CREATED = "created"
    THERE = "there"
    DIFFERS = "differs"
    FAILED = "failed"


class TopicOutcome(NamedTuple):
    """A topic and the number of its partitions: None where it could not be created, with the reason."""

    name: str
    creation: Creation
    partitions: int | None
    reason: str = ""


def existing_topic(wanted: TopicConfiguration, partitions: int) -> TopicOutcome:
    """Outcome for a topic that exists with this number of partitions."""
    if partitions == wanted.partitions:
        return TopicOutcome(wanted.name, Creation.THERE, partitions)
    return TopicOutcome(wanted.name, Creation.DIFFERS, partitions, f"it was to have {wanted.partitions} partitions")


def dead_letter_topic(name: str, replication_factor: int | None = None) -> TopicConfiguration:
    """The dead-letter topic: one partition, kept for two weeks, which is longer than most holidays."""
    return TopicConfiguration(name, 1, replication_factor, 14 * _DAY_SECONDS)


class PartitionAddress(NamedTuple):
    """A partition of a topic, written as "posts[3]"."""

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
"""Position from which a partition is read; a number is an offset."""
