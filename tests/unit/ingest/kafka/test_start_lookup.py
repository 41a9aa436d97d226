"""Look-ups of starts in a thread, on a client that answers as a test says."""

from collections.abc import Sequence
from threading import Event

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from common.settings.kafka import OffsetReset
from ingest.kafka.catch_up import OffsetRange
from ingest.kafka.start_lookup import PartitionStart, StartAnswer, StartLookup, StartRequest
from ingest.kafka.start_position import LineageSource, StartPolicy
from tests.support.wait import eventually


class Brokers:
    """A topic of three partitions with 10 to 90. commits: by partition."""

    def __init__(self) -> None:
        self.commits: dict[int, tuple[int, str]] = {}
        self.failure: KafkaException | None = None
        self.closing, self.closed = Event(), Event()
        self.closing.set()

    def committed(self, places: Sequence[TopicPartition], timeout: float) -> list[TopicPartition]:
        assert timeout > 0
        if self.failure:
            raise self.failure
        return [
            TopicPartition("posts", each.partition, *self.commits.get(each.partition, (-1001, ""))) for each in places
        ]

    def get_watermark_offsets(self, _: TopicPartition, timeout: float) -> tuple[int, int]:
        assert timeout > 0
        return 10, 90

    def offsets_for_times(self, places: Sequence[TopicPartition], timeout: float) -> list[TopicPartition]:
        assert timeout > 0
        return [TopicPartition("posts", each.partition, 20) for each in places]

    def list_topics(self, name: str, timeout: float) -> "Brokers":
        assert timeout > 0
        self.topics = {name: self}
        self.partitions = dict.fromkeys(range(3))
        return self

    def close(self) -> None:
        self.closing.wait(30)
        self.closed.set()


@pytest.fixture
def brokers(monkeypatch: pytest.MonkeyPatch) -> Brokers:
    made = Brokers()

    def client(_: object) -> Brokers:
        return made

    monkeypatch.setattr("ingest.kafka.start_lookup.Consumer", client)
    return made


def answer_of(lookup: StartLookup) -> StartAnswer:
    answer = eventually(lookup.take, "an answer")
    assert answer.crash is None
    return answer


def ask(*partitions: int, topic_id: str = "new", former: Sequence[str] = ("", "", ""), **policy: bool) -> StartAnswer:
    lookup = StartLookup({}, "posts", LineageSource(str, int, str, former.__getitem__))
    policies = dict.fromkeys(partitions, StartPolicy(OffsetReset.LARGEST)._replace(**policy))
    lookup.begin(StartRequest(policies, dict.fromkeys(partitions, 1), "a", topic_id))
    return answer_of(lookup)


def starts(answer: StartAnswer) -> dict[int, int]:
    return {number: start.offset_range.next for number, start in answer.found.items()}


def test_an_answer_does_not_wait_for_the_client_to_close(brokers: Brokers) -> None:
    brokers.closing.clear()
    brokers.commits = {0: (40, "a")}
    assert ask(0).found == {0: PartitionStart(OffsetRange(40, 90, topic_id="new"), has_commit=True)}
    assert not brokers.closed.is_set()
    brokers.closing.set()
    assert brokers.closed.wait(30)


def test_a_replay_does_not_wait_for_the_coordinator_of_the_group(brokers: Brokers) -> None:
    brokers.failure = KafkaException(KafkaError(KafkaError._TIMED_OUT))
    lookup = StartLookup({}, "posts", LineageSource(str, int))
    policies = {0: StartPolicy().replaying(30), 1: StartPolicy().replaying(0)}
    lookup.begin(StartRequest(policies, dict.fromkeys(policies, 1), "a"))
    assert starts(answer_of(lookup)) == {0: 30, 1: 20}


def test_a_failure_is_an_answer(brokers: Brokers) -> None:
    brokers.failure = KafkaException(KafkaError(KafkaError._TIMED_OUT))
    answer = ask(0)
    assert answer.found == {}
    assert answer.failure is not None


def test_a_new_group_starts_at_the_ends(brokers: Brokers) -> None:
    answer = ask(0, 1)
    assert (starts(answer), answer.group_start) == ({0: 90, 1: 90}, {0: 90, 1: 90, 2: 90})


def test_a_topic_made_again_is_no_new_group(brokers: Brokers) -> None:
    """Kafka deletes the commits of a topic with it. Partition 2 is new, too."""
    answer = ask(0, 1, 2, former=("old", "old", ""))
    assert (starts(answer), answer.group_start) == ({0: 20, 1: 20, 2: 20}, {})
    assert all(not start.has_commit for start in answer.found.values())


def test_a_partition_that_was_read_since_is_resumed(brokers: Brokers) -> None:
    brokers.commits = {0: (40, "a"), 1: (40, "a")}
    assert starts(ask(0, 1, former=("new", "old", ""))) == {0: 40, 1: 20}


def test_without_ids_commits_hold(brokers: Brokers) -> None:
    brokers.commits = {0: (40, "a")}
    assert starts(ask(0, topic_id="", former=("old", "", ""))) == {0: 40}
