"""What is to be said of a topic, from what its brokers tell of it."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from thunder.doctor.finding import Finding, fail, ok, warn

DEAD_LETTER_BYTES = 128 * 1024
"""A dead letter holds at most 64 kB of a payload, and headers."""


class WantedTopic(NamedTuple):
    """What a role needs of a topic.

    partitions: how many it must have, None for any number. kept_seconds: for how long at least, None for ever.
    largest_fetch and largest_sent: bytes that the role takes and sends at once. made: the role creates it by itself.
    """

    name: str
    partitions: int | None = None
    kept_seconds: int | None = 0
    largest_fetch: int | None = None
    largest_sent: int = 0
    made: bool = False


class TopicFacts(NamedTuple):
    """What brokers say of a topic. configuration: by Kafka's names, None when they do not tell."""

    partitions: int
    configuration: Mapping[str, str] | None


def check_topic(wanted: WantedTopic, topic: TopicFacts | None) -> list[Finding]:
    """All that is to be said of a topic; None for one that is not there."""
    subject = f"Topic {wanted.name}"
    if topic is None:
        remedy = f"thunder topics create, or create {wanted.name} by hand; if it exists, allow DESCRIBE on it"
        if wanted.made:
            return [warn(subject, "is not there", f"nothing, if the role may create topics; else {remedy}")]
        return [fail(subject, "is not there", remedy)]
    if topic.configuration is None:
        told = [warn(subject, "its settings are not told to us", "allow DESCRIBE_CONFIGS on it, or look yourself")]
    else:
        told = list(_troubles(subject, wanted, topic.configuration))
    partitions = _partitions(subject, wanted, topic.partitions)
    return [partitions, *told] if told else [partitions, ok(subject, "is set as the role needs it")]


def _partitions(subject: str, wanted: WantedTopic, partitions: int) -> Finding:
    if wanted.partitions in (None, partitions):
        return ok(subject, f"has {partitions} partition{'' if partitions == 1 else 's'}")
    remedy = "mend the setting: tweet_events_num_partitions or kafka_tweet_events_v2_num_partitions"
    return fail(subject, f"has {partitions} partitions, the settings say {wanted.partitions}", remedy)


def _troubles(subject: str, wanted: WantedTopic, configuration: Mapping[str, str]) -> Iterator[Finding]:
    yield from _compaction(subject, configuration)
    yield from _retention(subject, wanted, configuration)
    yield from _room(subject, wanted, int(configuration.get("retention.bytes", -1)))
    yield from _sizes(subject, wanted, int(configuration.get("max.message.bytes", 1_048_588)))


def _compaction(subject: str, configuration: Mapping[str, str]) -> Iterator[Finding]:
    policy = configuration.get("cleanup.policy", "delete")
    if "compact" in policy:
        yield fail(subject, f"has cleanup.policy {policy}: only the latest of a key stays", "set cleanup.policy=delete")


def _retention(subject: str, wanted: WantedTopic, configuration: Mapping[str, str]) -> Iterator[Finding]:
    kept_ms = int(configuration.get("retention.ms", -1))
    if kept_ms < 0:
        return
    if wanted.kept_seconds is None:
        yield warn(subject, f"forgets after {kept_ms // 1000} s what is to stay", "set retention.ms=-1")
    elif kept_ms < wanted.kept_seconds * 1000:
        yield warn(
            subject,
            f"keeps messages for {kept_ms // 1000} s, posts count for {wanted.kept_seconds} s",
            f"set retention.ms={wanted.kept_seconds * 1000} or more: a lost store is filled from it",
        )


def _room(subject: str, wanted: WantedTopic, most: int) -> Iterator[Finding]:
    if most >= 0 and wanted.kept_seconds != 0:
        yield warn(
            subject,
            f"keeps at most {most} bytes of a partition, however new they are",
            "set retention.bytes=-1: a lost store is filled from it",
        )


def _sizes(subject: str, wanted: WantedTopic, largest: int) -> Iterator[Finding]:
    if wanted.largest_fetch is not None and largest > wanted.largest_fetch:
        yield warn(
            subject,
            f"takes messages of {largest} bytes, max_partition_fetch_bytes is {wanted.largest_fetch}",
            "raise max_partition_fetch_bytes: such messages come one at a time",
        )
    if largest < wanted.largest_sent:
        yield fail(
            subject,
            f"takes messages up to {largest} bytes, the role sends up to {wanted.largest_sent}",
            f"set max.message.bytes={wanted.largest_sent} or more",
        )
