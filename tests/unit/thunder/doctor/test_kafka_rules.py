import pytest

from thunder.doctor.finding import Severity
from thunder.doctor.kafka_rules import TopicFacts, WantedTopic, check_topic

DAY = 86_400
WANTED = WantedTopic("posts", partitions=4, kept_seconds=2 * DAY, largest_fetch=1_000_000, largest_sent=100_000)
GOOD = {"cleanup.policy": "delete", "retention.ms": str(3 * DAY * 1000), "max.message.bytes": "1000000"}


def troubles(wanted: WantedTopic, topic: TopicFacts | None) -> list[tuple[str, str]]:
    findings = check_topic(wanted, topic)
    assert all(finding.remedy for finding in findings if finding.verdict is not Severity.OK)
    return [(finding.verdict.value, finding.fact) for finding in findings if finding.verdict is not Severity.OK]


def test_nothing_is_said_against_a_topic_as_it_should_be() -> None:
    assert troubles(WANTED, TopicFacts(4, GOOD)) == []
    assert troubles(WANTED, TopicFacts(4, GOOD | {"retention.ms": "-1"})) == []
    assert troubles(WantedTopic("posts"), TopicFacts(7, {})) == []


@pytest.mark.parametrize(
    ("changed", "verdict", "fact"),
    [
        ({"cleanup.policy": "compact,delete"}, "fail", "cleanup.policy compact,delete: only the latest of a key stays"),
        ({"retention.ms": "3600000"}, "warn", "keeps messages for 3600 s, posts count for 172800 s"),
        ({"retention.bytes": "1000"}, "warn", "keeps at most 1000 bytes of a partition, however new they are"),
        ({"max.message.bytes": "1000001"}, "warn", "messages of 1000001 bytes, max_partition_fetch_bytes is 1000000"),
        ({"max.message.bytes": "50000"}, "fail", "messages up to 50000 bytes, the role sends up to 100000"),
    ],
)
def test_what_is_wrong_with_a_topic(changed: dict[str, str], verdict: str, fact: str) -> None:
    [(seen, told)] = troubles(WANTED, TopicFacts(4, GOOD | changed))
    assert (seen, told.endswith(fact)) == (verdict, True), told


def test_what_nothing_is_filled_from_may_be_short() -> None:
    assert troubles(WantedTopic("letters"), TopicFacts(1, {"retention.ms": "1000", "retention.bytes": "1000"})) == []


def test_what_is_to_stay_must_not_be_forgotten() -> None:
    [(verdict, told)] = troubles(WANTED._replace(kept_seconds=None), TopicFacts(4, GOOD))
    assert (verdict, told) == ("warn", "forgets after 259200 s what is to stay")


def test_other_partitions_than_the_settings_say() -> None:
    assert troubles(WANTED, TopicFacts(3, GOOD)) == [("fail", "has 3 partitions, the settings say 4")]


def test_a_topic_that_is_missing_matters_unless_the_role_makes_it() -> None:
    assert troubles(WANTED, None) == [("fail", "is not there")]
    assert troubles(WANTED._replace(made=True), None) == [("warn", "is not there")]


def test_brokers_that_do_not_tell() -> None:
    assert troubles(WANTED, TopicFacts(4, None)) == [("warn", "its settings are not told to us")]
