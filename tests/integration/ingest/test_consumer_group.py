"""Members of one group on a real broker: who reads what, and from where."""

from collections import defaultdict
from collections.abc import Generator

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from common.errors import KafkaRefused
from common.settings.kafka import OffsetReset
from ingest.batch import Message
from ingest.kafka.assignment import AssignmentChanges
from ingest.kafka.catch_up import OffsetRange
from ingest.kafka.consumer import GroupConsumer
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.topic import KafkaTopic
from tests.support.unused import unique
from tests.support.wait import eventually

PARTITIONS = 6


class Members:
    """Members that take turns in one thread, and what each has been given."""

    def __init__(self, topic: KafkaTopic) -> None:
        self._topic = topic
        self.consumers: list[GroupConsumer] = []
        self.partitions: dict[GroupConsumer, set[int]] = defaultdict(set)
        self.messages: dict[GroupConsumer, list[Message]] = defaultdict(list)

    def join(self, reset: OffsetReset = OffsetReset.SMALLEST) -> GroupConsumer:
        consumer = self._topic.join(reset)
        self.consumers.append(consumer)
        return consumer

    def leave(self, consumer: GroupConsumer) -> None:
        self.consumers.remove(consumer)
        self.partitions.pop(consumer)
        consumer.close()

    def poll(self) -> None:
        """One turn of each; what is read is committed."""
        for consumer in self.consumers:
            messages = consumer.poll(100)
            self._note(consumer, consumer.take_changes())
            self.messages[consumer] += messages
            if messages:
                consumer.commit({message.partition: message.offset + 1 for message in messages})

    def share(self, *counts: int) -> None:
        """Poll until the members own these numbers of partitions, in any order."""

        def shared() -> bool:
            self.poll()
            return sorted(len(self.partitions[consumer]) for consumer in self.consumers) == sorted(counts)

        eventually(shared, f"partitions to be shared as {counts}")

    def read(self, count: int) -> None:
        """Poll until all members together have read this number of different messages."""

        def enough() -> bool:
            self.poll()
            return len(set(self.places)) >= count

        eventually(enough, f"{count} messages")

    @property
    def places(self) -> list[tuple[int, int]]:
        return [(message.partition, message.offset) for messages in self.messages.values() for message in messages]

    def _note(self, consumer: GroupConsumer, changes: AssignmentChanges) -> None:
        self.partitions[consumer] -= changes.lost
        self.partitions[consumer] |= changes.gained.keys()


@pytest.fixture
def topic(kafka: KafkaBroker) -> KafkaTopic:
    return KafkaTopic(kafka.bootstrap, kafka.create_topic(unique("posts"), PARTITIONS))


@pytest.fixture
def members(topic: KafkaTopic) -> Generator[Members]:
    made = Members(topic)
    yield made
    for consumer in made.consumers:
        consumer.close()


def produce_everywhere(topic: KafkaTopic, count: int) -> None:
    for partition in range(PARTITIONS):
        topic.produce(*[b"x"] * count, partition=partition)


def test_members_split_partitions_and_take_over(topic: KafkaTopic, members: Members) -> None:
    first, _ = members.join(), members.join()
    members.share(3, 3)
    produce_everywhere(topic, 10)
    members.read(60)
    members.leave(first)
    members.share(6)
    produce_everywhere(topic, 10)
    members.read(120)
    assert len(members.places) == 120, "nothing was read twice"


def test_members_without_partitions_are_settled_too(members: Members) -> None:
    for _ in range(PARTITIONS + 2):
        members.join()
    members.share(0, 0, *[1] * PARTITIONS)
    assert all(consumer.start_offsets_committed for consumer in members.consumers)


def test_moved_partitions_resume_where_they_were_left(topic: KafkaTopic, members: Members) -> None:
    members.join()
    members.share(6)
    produce_everywhere(topic, 20)
    members.read(120)
    newcomer = members.join(OffsetReset.LARGEST)
    members.share(3, 3)
    assert members.messages[newcomer] == []
    produce_everywhere(topic, 1)
    members.read(126)
    assert len(members.places) == 126


def test_the_range_assignor_reassigns_all_partitions(kafka: KafkaBroker) -> None:
    name = kafka.create_topic(unique("posts"), PARTITIONS)
    members = Members(KafkaTopic(kafka.bootstrap, name, partition_assignment_strategy="range"))
    first, second = members.join(), members.join()
    members.share(3, 3)
    members.leave(first)
    members.share(6)
    members.leave(second)


def test_out_of_range_offset_resumes_at_the_earliest(topic: KafkaTopic, members: Members) -> None:
    topic.produce(*[b"x"] * 10)
    committer = members.join()
    members.read(1)
    committer.commit({0: 2})
    members.leave(committer)
    admin, kept_from = AdminClient({"bootstrap.servers": topic.bootstrap}), TopicPartition(topic.name, 0, 6)
    admin.delete_records([kept_from])[kept_from].result(30)
    late = members.join(OffsetReset.LARGEST)
    eventually(lambda: members.poll() or members.messages[late], "messages after the gap")
    assert members.messages[late][0].offset == 6


def test_what_was_missed_can_be_skipped_and_stays_skipped(topic: KafkaTopic) -> None:
    topic.produce(b"a", b"b", b"c")
    consumer = topic.join(skip_to_latest=True)
    eventually(lambda: consumer.poll(100) or consumer.start_offsets_committed, "partitions")
    assert consumer.take_changes().gained[0] == OffsetRange(3, 3)
    consumer.close()
    assert topic.commits[0] == 3


def test_two_workers_with_one_static_name_end_in_a_clear_error(kafka: KafkaBroker) -> None:
    topic = KafkaTopic(kafka.bootstrap, kafka.create_topic(unique("posts")), kafka_group_instance_id="pod-1")
    older = topic.join()
    eventually(lambda: older.poll(100) or older.start_offsets_committed, "partitions")
    newer = topic.join()

    def fenced() -> bool:
        newer.poll(100)
        older.poll(100)
        return False

    with pytest.raises(KafkaRefused, match=r"(?i)static consumer fenced"):
        eventually(fenced, "the older one to be fenced")
    newer.close()
