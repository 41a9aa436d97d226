"""`thunder topics create`: creates the topics that Thunder reads and writes, and changes no existing one."""

import json
from collections.abc import Sequence

from common.kafka.cluster import KafkaCluster
from common.kafka.topics import Creation, TopicConfiguration, TopicOutcome, dead_letter_topic
from common.settings.kafka import TopicsSettings
from thunder.cli.exit_codes import ExitCode
from thunder.cli.text import columns, in_words

_TIMEOUT_SECONDS = 60.0
"""Time limit for brokers to answer."""

_MARGIN_SECONDS = 86_400
"""Retention in Kafka beyond that of posts: a store that is refilled a day late misses none."""


def create_wanted_topics(settings: TopicsSettings) -> int:
    """Create the missing topics and print a line for each; the exit code. KafkaUnavailable, KafkaRefused."""
    cluster = KafkaCluster(settings.producer_connection)
    cluster.wait_for_brokers(seconds=_TIMEOUT_SECONDS)
    wanted = topics_of(settings)
    outcomes = cluster.create_topics(wanted)
    print(_as_json(outcomes) if settings.as_json else "\n".join(topic_lines(wanted, outcomes)))
    return exit_code_for(outcomes)


def topics_of(settings: TopicsSettings) -> list[TopicConfiguration]:
    """The topics, with the partitions and the retention that they need."""
    posts_kept = settings.post_retention_seconds + _MARGIN_SECONDS
    kept = {
        settings.tweet_events_topic: posts_kept,
        settings.innetwork_post_topic: posts_kept,
        settings.follows_topic: None,
    }
    return [
        *(
            TopicConfiguration(name, settings.partitions, settings.replication_factor, seconds)
            for name, seconds in kept.items()
        ),
        dead_letter_topic(settings.dead_letter_topic, settings.replication_factor),
    ]


def topic_lines(wanted: Sequence[TopicConfiguration], outcomes: Sequence[TopicOutcome]) -> list[str]:
    """A line for each topic, for people."""
    return columns({topic.name: _in_words(topic, outcome) for topic, outcome in zip(wanted, outcomes, strict=True)})


def exit_code_for(outcomes: Sequence[TopicOutcome]) -> ExitCode:
    """FAILED when a topic could not be created, WRONG_USAGE when one has another number of partitions than wanted."""
    creations = {outcome.creation for outcome in outcomes}
    if Creation.FAILED in creations:
        return ExitCode.FAILED
    return ExitCode.WRONG_USAGE if Creation.DIFFERS in creations else ExitCode.DONE


def _in_words(wanted: TopicConfiguration, outcome: TopicOutcome) -> str:
    match outcome.creation:
        case Creation.CREATED:
            seconds = wanted.retention_seconds
            kept = "for ever" if seconds is None else f"for {in_words(seconds)}"
            return f"created: {_count(outcome.partitions)}, messages kept {kept}"
        case Creation.THERE:
            return f"exists: {_count(outcome.partitions)}"
        case Creation.DIFFERS:
            return f"exists: {_count(outcome.partitions)}, not changed although {outcome.reason}"
        case Creation.FAILED:
            return f"not created: {outcome.reason}"


def _count(partitions: int | None) -> str:
    return f"{partitions} partition{'' if partitions == 1 else 's'}"


def _as_json(outcomes: Sequence[TopicOutcome]) -> str:
    return json.dumps({"topics": [outcome._asdict() for outcome in outcomes]})
