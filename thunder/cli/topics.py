"""`thunder topics create`: creates the topics that Thunder reads and writes, and changes none that is there."""

import json
import sys
from collections.abc import Sequence

from common.kafka.cluster import KafkaCluster
from common.kafka.topics import Creation, TopicConfiguration, TopicOutcome, dead_letter_topic
from common.settings.kafka import TopicsSettings
from thunder.cli.exit_codes import ExitCode
from thunder.cli.roles import Role, run_role
from thunder.cli.text import columns, in_words

_CREATE = Role(TopicsSettings, "thunder.cli.topics:create")

_PATIENCE_SECONDS = 60.0
"""How long brokers that do not answer are waited for."""

_MARGIN_SECONDS = 86_400
"""Posts are kept in Kafka so much longer than they count: a store that is filled again a day late lacks none."""


def main(arguments: Sequence[str]) -> int:
    """Run the command that is the first word of the arguments; the exit code. Raises ThunderError."""
    name = arguments[0] if arguments else ""
    if name == "create":
        return run_role(_CREATE, arguments[1:])
    if name in ("-h", "--help", "help"):
        print(topics_usage())
        return ExitCode.DONE
    print(topics_usage(), file=sys.stderr)
    return ExitCode.WRONG_USAGE


def topics_usage() -> str:
    """What `thunder topics --help` prints."""
    return "\n".join(
        [
            "thunder topics: the topics that Thunder reads and writes",
            "",
            "Usage: thunder topics create [flags]",
            "",
            *columns({"thunder topics create": "create those that are not there; those that are stay as they are"}),
            "",
            "thunder topics create --help shows its settings.",
        ]
    )


def create(settings: TopicsSettings) -> int:
    """Create what is missing and print what became of each topic; the exit code. KafkaUnavailable, KafkaRefused."""
    cluster = KafkaCluster(settings.producer_connection)
    cluster.wait_for_brokers(seconds=_PATIENCE_SECONDS)
    wanted = topics_of(settings)
    outcomes = cluster.create_topics(wanted)
    print(_as_json(outcomes) if settings.as_json else "\n".join(report(wanted, outcomes)))
    return exit_code(outcomes)


def topics_of(settings: TopicsSettings) -> list[TopicConfiguration]:
    """The topics as they should be."""
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


def report(wanted: Sequence[TopicConfiguration], outcomes: Sequence[TopicOutcome]) -> list[str]:
    """A line for each topic, for people."""
    return columns({topic.name: _in_words(topic, outcome) for topic, outcome in zip(wanted, outcomes, strict=True)})


def exit_code(outcomes: Sequence[TopicOutcome]) -> ExitCode:
    """Whether all topics are as they should be; else trying again may help, or the setting of partitions is wrong."""
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
            return f"there already: {_count(outcome.partitions)}"
        case Creation.DIFFERS:
            return f"there already: {_count(outcome.partitions)}, left as it is though {outcome.reason}"
        case Creation.FAILED:
            return f"not created: {outcome.reason}"


def _count(partitions: int | None) -> str:
    return f"{partitions} partition{'' if partitions == 1 else 's'}"


def _as_json(outcomes: Sequence[TopicOutcome]) -> str:
    return json.dumps({"topics": [outcome._asdict() for outcome in outcomes]})
