import pytest

from thunder.doctor.finding import Severity
from thunder.doctor.kafka_rules import TopicState, WantedTopic, check_topic

DAY = 86_400
WANTED = WantedTopic("posts", partitions=4, kept_seconds=2 * DAY, largest_fetch=1_000_000, largest_sent=100_000)
GOOD = {"cleanup.policy": "delete", "retention.ms": str(3 * DAY * 1000), "max.message.bytes": "1000000"}


def problems(wanted: WantedTopic, topic: TopicState | None) -> list[tuple[str, str]]:
    findings = check_topic(wanted, topic)
    assert all(finding.remedy for finding in findings if finding.verdict is not Severity.OK)
    return [(finding.verdict.value, finding.fact) for finding in findings if finding.verdict is not Severity.OK]


def test_a_topic_as_required_has_no_problem() -> None:
    assert problems(WANTED, TopicState(4, GOOD)) == []
    assert problems(WANTED, TopicState(4, GOOD | {"retention.ms": "-1"})) == []
    assert problems(WantedTopic("posts"), TopicState(7, {})) == []


@pytest.mark.parametrize(
    ("changed", "verdict", "fact"),
    [
        (
            {"cleanup.policy": "compact,delete"},
            "fail",
            "cleanup.policy compact,delete: only the latest message of a key is kept",
        ),
        ({"retention.ms": "3600000"}, "warn", "keeps messages for 3600 s, the post retention is 172800 s"),
        ({"retention.bytes": "1000"}, "warn", "deletes even new messages when a partition exceeds 1000 bytes"),
        ({"max.message.bytes": "1000001"}, "warn", "messages of 1000001 bytes, max_partition_fetch_bytes is 1000000"),
        ({"max.message.bytes": "50000"}, "fail", "messages up to 50000 bytes, the role sends up to 100000"),
    ],
)
def test_what_is_wrong_with_a_topic(changed: dict[str, str], verdict: str, fact: str) -> None:
    [(seen, found)] = problems(WANTED, TopicState(4, GOOD | changed))
    assert (seen, found.endswith(fact)) == (verdict, True), found


def test_a_topic_that_refills_nothing_may_be_short() -> None:
    assert problems(WantedTopic("letters"), TopicState(1, {"retention.ms": "1000", "retention.bytes": "1000"})) == []


def test_follows_need_unlimited_retention() -> None:
    [(verdict, found)] = problems(WANTED._replace(kept_seconds=None), TopicState(4, GOOD))
    assert (verdict, found) == ("warn", "deletes messages after 259200 s, the role needs all of them")


def test_other_partitions_than_the_settings_say() -> None:
    assert problems(WANTED, TopicState(3, GOOD)) == [("fail", "has 3 partitions, the settings require 4")]


def test_a_missing_topic_fails_unless_the_role_creates_it() -> None:
    assert problems(WANTED, None) == [("fail", "does not exist")]
    assert problems(WANTED._replace(made=True), None) == [("warn", "does not exist")]


def test_an_unreadable_configuration_is_a_warning() -> None:
    assert problems(WANTED, TopicState(4, None)) == [("warn", "its configuration may not be read")]
