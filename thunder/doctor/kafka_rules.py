"""Rules for topics: compares the state of a topic with what a role requires. Pure."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from thunder.doctor.finding import Finding, fail, ok, warn

DEAD_LETTER_BYTES = 128 * 1024
"""Upper bound of a dead letter: at most 64 kB of payload, and headers."""


class WantedTopic(NamedTuple):
    """Requirements of a role for a topic.

    partitions: their number, None for any. kept_seconds: minimum retention, None for unlimited. largest_fetch and
    largest_sent: bytes that the role fetches and sends at once. made: the role creates the topic automatically.
    """

    name: str
    partitions: int | None = None
    kept_seconds: int | None = 0
    largest_fetch: int | None = None
    largest_sent: int = 0
    made: bool = False


class TopicState(NamedTuple):
    """A topic as the brokers describe it. configuration: by Kafka's names, None when it may not be read."""

    partitions: int
    configuration: Mapping[str, str] | None


def check_topic(wanted: WantedTopic, topic: TopicState | None) -> list[Finding]:
    """All findings about a topic; None stands for one that does not exist."""
    subject = f"Topic {wanted.name}"
    if topic is None:
        remedy = (
            f"thunder topics create, or create {wanted.name} with Kafka's tools; if it exists, allow DESCRIBE on it"
        )
        if wanted.made:
            return [warn(subject, "does not exist", f"nothing, if the role may create topics; otherwise {remedy}")]
        return [fail(subject, "does not exist", remedy)]
    if topic.configuration is None:
        found = [
            warn(subject, "its configuration may not be read", "allow DESCRIBE_CONFIGS on it, or check it yourself")
        ]
    else:
        found = list(_problems(subject, wanted, topic.configuration))
    partitions = _partitions(subject, wanted, topic.partitions)
    return [partitions, *found] if found else [partitions, ok(subject, "is configured as the role requires")]


def _partitions(subject: str, wanted: WantedTopic, partitions: int) -> Finding:
    if wanted.partitions in (None, partitions):
        return ok(subject, f"has {partitions} partition{'' if partitions == 1 else 's'}")
    remedy = "correct the setting: tweet_events_num_partitions or kafka_tweet_events_v2_num_partitions"
    return fail(subject, f"has {partitions} partitions, the settings require {wanted.partitions}", remedy)


def _problems(subject: str, wanted: WantedTopic, configuration: Mapping[str, str]) -> Iterator[Finding]:
    yield from _compaction(subject, configuration)
    yield from _retention(subject, wanted, configuration)
    yield from _room(subject, wanted, int(configuration.get("retention.bytes", -1)))
    yield from _sizes(subject, wanted, int(configuration.get("max.message.bytes", 1_048_588)))


def _compaction(subject: str, configuration: Mapping[str, str]) -> Iterator[Finding]:
    policy = configuration.get("cleanup.policy", "delete")
    if "compact" in policy:
        yield fail(
            subject,
            f"has cleanup.policy {policy}: only the latest message of a key is kept",
            "set cleanup.policy=delete",
        )


def _retention(subject: str, wanted: WantedTopic, configuration: Mapping[str, str]) -> Iterator[Finding]:
    kept_ms = int(configuration.get("retention.ms", -1))
    if kept_ms < 0:
        return
    if wanted.kept_seconds is None:
        yield warn(
            subject, f"deletes messages after {kept_ms // 1000} s, the role needs all of them", "set retention.ms=-1"
        )
    elif kept_ms < wanted.kept_seconds * 1000:
        yield warn(
            subject,
            f"keeps messages for {kept_ms // 1000} s, the post retention is {wanted.kept_seconds} s",
            f"set retention.ms={wanted.kept_seconds * 1000} or more: a lost store is refilled from this topic",
        )


def _room(subject: str, wanted: WantedTopic, most: int) -> Iterator[Finding]:
    if most >= 0 and wanted.kept_seconds != 0:
        yield warn(
            subject,
            f"deletes even new messages when a partition exceeds {most} bytes",
            "set retention.bytes=-1: a lost store is refilled from this topic",
        )


def _sizes(subject: str, wanted: WantedTopic, largest: int) -> Iterator[Finding]:
    if wanted.largest_fetch is not None and largest > wanted.largest_fetch:
        yield warn(
            subject,
            f"accepts messages of {largest} bytes, max_partition_fetch_bytes is {wanted.largest_fetch}",
            "raise max_partition_fetch_bytes: larger messages are fetched one at a time",
        )
    if largest < wanted.largest_sent:
        yield fail(
            subject,
            f"accepts messages up to {largest} bytes, the role sends up to {wanted.largest_sent}",
            f"set max.message.bytes={wanted.largest_sent} or more",
        )
