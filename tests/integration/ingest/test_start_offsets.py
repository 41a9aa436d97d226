"""Where members of a group start on a real broker: new groups, added partitions, recreated topics, brokers away."""

import time

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from common.settings.kafka import OffsetReset
from common.timing import Backoff
from ingest.batch import Message
from ingest.kafka.assignment import Assignment
from ingest.kafka.catch_up import OffsetRange
from ingest.kafka.commits import PendingCommits
from ingest.kafka.consumer import GroupConsumer
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.topic import KafkaTopic
from tests.support.unused import unique
from tests.support.wait import eventually

LINEAGE = "5f0c"
SOON_BACK = ("reconnect.backoff.max.ms=500", "session.timeout.ms=4000")
"""Limits of ten seconds by default: until a client connects again to brokers, and until a silent member has left."""


@pytest.fixture(autouse=True)
def quick_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.kafka.configuration._METADATA_REFRESH_MS", 500)


def topic_of(kafka: KafkaBroker, partitions: int, **settings: object) -> KafkaTopic:
    topic = KafkaTopic(kafka.bootstrap, kafka.create_topic(unique("posts"), partitions), **settings)
    topic.lineage_now = LINEAGE
    return topic


def settle(*consumers: GroupConsumer) -> None:
    def settled() -> bool:
        for consumer in consumers:
            consumer.poll(100)
        return all(consumer.start_offsets_committed for consumer in consumers)

    eventually(settled, "start offsets to be committed")


def read(consumer: GroupConsumer, count: int) -> list[Message]:
    """Poll until there are so many messages."""
    messages: list[Message] = []
    eventually(lambda: messages.extend(consumer.poll(100)) or len(messages) >= count, f"{count} messages")
    return messages


def commits_of(topic: KafkaTopic, partitions: int) -> list[TopicPartition]:
    reader = Consumer({"bootstrap.servers": topic.bootstrap, "group.id": topic.group})
    try:
        return reader.committed([TopicPartition(topic.name, number) for number in range(partitions)], timeout=10)
    finally:
        reader.close()


def commit_as_the_previous_release(topic: KafkaTopic, offsets: dict[int, int], metadata: str) -> None:
    writer = Consumer({"bootstrap.servers": topic.bootstrap, "group.id": topic.group})
    try:
        places = [TopicPartition(topic.name, partition, offset, metadata) for partition, offset in offsets.items()]
        writer.commit(offsets=places, asynchronous=False)
    finally:
        writer.close()


def test_a_new_group_starts_at_the_end_with_one_commit(kafka: KafkaBroker) -> None:
    topic = topic_of(kafka, 3)
    topic.produce(b"old", partition=2)
    first, second = topic.join(OffsetReset.LARGEST), topic.join(OffsetReset.LARGEST)
    settle(first, second)
    commits = commits_of(topic, 3)
    assert [commit.offset for commit in commits] == [0, 0, 1]
    assert [commit.metadata for commit in commits] == [LINEAGE] * 3, "as workers of the previous release expect it"
    first.close()
    second.close()


def test_a_partition_added_later_is_read_from_its_beginning(kafka: KafkaBroker) -> None:
    topic = topic_of(kafka, 1)
    topic.produce(b"old")
    consumer = topic.join(OffsetReset.LARGEST)
    settle(consumer)
    kafka.add_partitions(topic.name, 3)
    wide = KafkaTopic(topic.bootstrap, topic.name)
    wide.produce(b"1", b"2", partition=1)
    wide.produce(b"3", partition=2)
    assert sorted(message.payload or b"" for message in read(consumer, 3)) == [b"1", b"2", b"3"]
    consumer.close()


def test_commits_of_the_previous_release_show_what_was_added(kafka: KafkaBroker) -> None:
    topic = topic_of(kafka, 2)
    topic.produce(b"read", b"next", partition=0)
    topic.produce(b"added", partition=1)
    commit_as_the_previous_release(topic, {0: 1}, LINEAGE)
    consumer = topic.join(OffsetReset.LARGEST)
    assert {message.payload for message in read(consumer, 2)} == {b"next", b"added"}
    consumer.close()


def test_a_topic_made_again_is_read_from_its_beginning(kafka: KafkaBroker) -> None:
    topic = topic_of(kafka, 1)
    consumer = topic.join(OffsetReset.LARGEST)
    settle(consumer)
    topic.produce(*[b"x"] * 50)
    read(consumer, 50)
    consumer.commit({0: 50})
    eventually(lambda: consumer.poll(100) or topic.commits == {0: 50}, "the commit")
    admin = AdminClient({"bootstrap.servers": topic.bootstrap})
    admin.delete_topics([topic.name])[topic.name].result(30)
    eventually(lambda: consumer.poll(1) or topic.name not in admin.list_topics(timeout=10).topics, "the topic to go")
    kafka.create_topic(topic.name)
    again = KafkaTopic(topic.bootstrap, topic.name)
    again.produce(b"a", b"b", b"c")
    assert [message.payload for message in read(consumer, 3)][-3:] == [b"a", b"b", b"c"]
    consumer.close()


def test_offsets_beyond_the_end_resume_at_the_earliest(kafka: KafkaBroker) -> None:
    topic = topic_of(kafka, 1)
    topic.produce(b"a", b"b")
    commit_as_the_previous_release(topic, {0: 1000}, LINEAGE)
    consumer = topic.join(OffsetReset.LARGEST)
    settle(consumer)
    assert consumer.take_changes().gained[0] == OffsetRange(0, 2)
    consumer.close()


class FailedCommits(PendingCommits):
    """The next commits would wait for minutes."""

    def __init__(self) -> None:
        super().__init__(Backoff(300, 300))
        self.requested()
        self.failed(time.monotonic())


def test_a_start_is_committed_in_spite_of_failures(kafka: KafkaBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.kafka.consumer.PendingCommits", FailedCommits)
    topic = topic_of(kafka, 1)
    topic.produce(b"a", b"b")
    consumer = topic.join()
    assert len(read(consumer, 2)) == 2
    consumer.close()


def test_what_a_callback_raises_ends_the_poll(kafka: KafkaBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KafkaException(KafkaError(KafkaError.UNKNOWN))

    topic = topic_of(kafka, 1)
    consumer = topic.join()
    with monkeypatch.context() as broken:
        broken.setattr(Assignment, "assigned", fail)
        with pytest.raises(KafkaException):
            eventually(lambda: consumer.poll(1), "an error")
    consumer.close()


def test_starts_are_looked_up_until_brokers_are_back(
    kafka: KafkaBroker, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.kafka.start_lookup._REQUEST_SECONDS", 1.0)
    topic = topic_of(kafka, 2, kafka_property=SOON_BACK)
    topic.produce(b"a", b"b")
    consumer = topic.join()
    read(consumer, 2)
    consumer.commit({0: 2})
    eventually(lambda: consumer.poll(1) or topic.commits == {0: 2, 1: 0}, "the commit")
    consumer.take_changes()
    leaving = topic.join()
    owned = {consumer: {0, 1}, leaving: set[int]()}

    def shared() -> bool:
        for member, partitions in owned.items():
            member.poll(1)
            changes = member.take_changes()
            partitions.difference_update(changes.lost)
            partitions.update(changes.gained)
        return all(len(partitions) == 1 for partitions in owned.values())

    eventually(shared, "a partition for each")
    kafka.kill()
    try:
        topic.lineage_now = "another"
        for member in owned:
            eventually(lambda: member.poll(1) or member.lineage == "another", "the lineage to be noticed")  # noqa: B023
            assert not member.start_offsets_committed
        began = time.monotonic()
        consumer.poll(1)
        leaving.close()
        assert time.monotonic() - began < 1, "nothing waits for the brokers"
        eventually(lambda: consumer.poll(1) or "cannot be looked up" in caplog.text, "a warning")
    finally:
        kafka.restart()
    assert {message.payload for message in read(consumer, 2)} == {b"a", b"b"}
    assert caplog.text.count("cannot be looked up") <= 4, "once per cause"
    consumer.close()
