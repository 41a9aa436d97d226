"""`thunder topics create`: the topics that are created, and what it prints."""

import pytest

from common.kafka.topics import Creation, TopicConfiguration, TopicOutcome, dead_letter_topic, existing_topic
from common.settings.kafka import TopicsSettings
from thunder.cli.exit_codes import ExitCode
from thunder.cli.main import main
from thunder.cli.topics import exit_code_for, topic_lines, topics_of

HOUR, DAY = 3600, 86_400


def test_posts_are_kept_for_another_day_and_follows_for_ever() -> None:
    settings = TopicsSettings(post_retention_seconds=5 * HOUR, partitions=4, replication_factor=3)
    assert topics_of(settings) == [
        TopicConfiguration("tweet_events", 4, 3, 5 * HOUR + DAY),
        TopicConfiguration("innetwork_post", 4, 3, 5 * HOUR + DAY),
        TopicConfiguration("follows", 4, 3, None),
        TopicConfiguration("thunder_dead_letters", 1, 3, 14 * DAY),
    ]


def test_brokers_choose_the_replication_by_default() -> None:
    settings = TopicsSettings(
        tweet_events_topic="a", innetwork_post_topic="b", follows_topic="c", dead_letter_topic="d"
    )
    assert [(topic.name, topic.partitions, topic.replication_factor) for topic in topics_of(settings)] == [
        ("a", 12, None),
        ("b", 12, None),
        ("c", 12, None),
        ("d", 1, None),
    ]


def test_a_person_reads_what_became_of_each_topic() -> None:
    wanted = [
        TopicConfiguration("raw", 12, None, 3 * DAY),
        TopicConfiguration("follows", 12),
        TopicConfiguration("refined", 12),
        dead_letter_topic("dead"),
        TopicConfiguration("secret", 12),
    ]
    outcomes = [
        TopicOutcome("raw", Creation.CREATED, 12),
        TopicOutcome("follows", Creation.CREATED, 12),
        existing_topic(wanted[2], 3),
        existing_topic(wanted[3], 1),
        TopicOutcome("secret", Creation.FAILED, None, "Topic authorization failed."),
    ]
    assert topic_lines(wanted, outcomes) == [
        "  raw       created: 12 partitions, messages kept for 3 d",
        "  follows   created: 12 partitions, messages kept for ever",
        "  refined   exists: 3 partitions, not changed although it was to have 12 partitions",
        "  dead      exists: 1 partition",
        "  secret    not created: Topic authorization failed.",
    ]


@pytest.mark.parametrize(
    ("creations", "code"),
    [
        ([Creation.CREATED, Creation.THERE], ExitCode.DONE),
        ([Creation.CREATED, Creation.DIFFERS], ExitCode.WRONG_USAGE),
        ([Creation.DIFFERS, Creation.FAILED], ExitCode.FAILED),
    ],
)
def test_the_exit_code_says_whether_all_topics_are_as_wanted(creations: list[Creation], code: ExitCode) -> None:
    assert exit_code_for([TopicOutcome("posts", creation, 1) for creation in creations]) == code


def test_without_create_the_usage_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["topics"]) == main(["topics", "destroy"]) == ExitCode.WRONG_USAGE
    shown = capsys.readouterr().err
    assert "Usage: thunder topics COMMAND [flags]" in shown
    assert "thunder topics: no such command; thunder topics --help lists them\n" in shown
    assert main(["topics", "--help"]) == ExitCode.DONE
    assert "thunder topics create" in capsys.readouterr().out


def test_its_help_lists_the_settings_of_topics(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["topics", "create", "--help"]) == ExitCode.DONE
    shown = capsys.readouterr().out
    for flag in (
        "--partitions",
        "--replication-factor",
        "--json",
        "--follows-topic",
        "--in-network-events-consumer-dest",
    ):
        assert f"  {flag}" in shown
