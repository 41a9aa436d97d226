"""The contract of a consumer: the topic in memory and the real consumer, on two kinds of brokers, agree."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Protocol

import pytest

from common.settings.kafka import OffsetReset
from ingest.batch import Message
from ingest.kafka.catch_up import OffsetRange
from ingest.loop import MessageConsumer
from tests.support.fakes.memory_topic import MemoryTopic
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.topic import KafkaTopic
from tests.support.unused import unique
from tests.support.wait import eventually
from thunder.embedded.kafka_cluster import ASSIGNMENT_STRATEGY, PARTITIONS, EmbeddedKafka


class Topic(Protocol):
    """A topic as the tests use it."""

    def produce(self, *payloads: bytes | None, partition: int = 0) -> None: ...

    lineage_now: str

    def join(self, reset: OffsetReset = OffsetReset.SMALLEST) -> MessageConsumer: ...
    @property
    def commits(self) -> dict[int, int]: ...


@pytest.fixture(scope="module")
def mock_cluster() -> Generator[EmbeddedKafka]:
    cluster = EmbeddedKafka()
    yield cluster
    cluster.stop()


def memory_topic(_: pytest.FixtureRequest) -> Topic:
    return MemoryTopic(PARTITIONS)


def mock_topic(request: pytest.FixtureRequest) -> Topic:
    cluster: EmbeddedKafka = request.getfixturevalue("mock_cluster")
    name = unique("posts")
    cluster.create_topic(name)
    return KafkaTopic(cluster.bootstrap_servers, name, partition_assignment_strategy=ASSIGNMENT_STRATEGY)


def real_topic(request: pytest.FixtureRequest) -> Topic:
    broker: KafkaBroker = request.getfixturevalue("kafka")
    return KafkaTopic(broker.bootstrap, broker.create_topic(unique("posts"), PARTITIONS))


@pytest.fixture(params=[memory_topic, real_topic], ids=["memory", "kafka"])
def topic(request: pytest.FixtureRequest) -> Topic:
    make: Callable[[pytest.FixtureRequest], Topic] = request.param
    return make(request)


@pytest.fixture(params=[memory_topic, mock_topic, real_topic], ids=["memory", "mock", "kafka"])
def any_topic(request: pytest.FixtureRequest) -> Topic:
    """The mock cluster lets a group wait for 3 s before each start: a few tests must do."""
    make: Callable[[pytest.FixtureRequest], Topic] = request.param
    return make(request)


@contextmanager
def member(topic: Topic, reset: OffsetReset = OffsetReset.SMALLEST) -> Generator[MessageConsumer]:
    """A member of the group that leaves it at the end."""
    consumer = topic.join(reset)
    try:
        yield consumer
    finally:
        consumer.close()


def read(consumer: MessageConsumer, count: int, wanted: int = 1000) -> list[Message]:
    """Poll until this number of messages has arrived; without the times they were sent."""
    messages: list[Message] = []

    def poll() -> bool:
        messages.extend(message._replace(sent_ms=-1) for message in consumer.poll(wanted))
        return len(messages) >= count

    eventually(poll, f"{count} messages")
    return messages


def settle(consumer: MessageConsumer) -> list[Message]:
    """Poll until the group has assigned its partitions; the messages that came meanwhile."""
    messages: list[Message] = []

    def poll() -> bool:
        messages.extend(consumer.poll(1000))
        return consumer.start_offsets_committed

    eventually(poll, "the group to assign partitions")
    return messages


def test_smallest_reads_everything_in_order_per_partition(any_topic: Topic) -> None:
    any_topic.produce(b"a", None, b"", partition=0)
    any_topic.produce(b"c", b"d", partition=3)
    with member(any_topic) as consumer:
        messages = read(consumer, 5)
    assert [message for message in messages if message.partition == 0] == [
        Message(0, 0, b"a"),
        Message(0, 1, None),
        Message(0, 2, b""),
    ]
    assert [message for message in messages if message.partition == 3] == [Message(3, 0, b"c"), Message(3, 1, b"d")]


def test_a_message_says_when_it_was_sent(topic: Topic) -> None:
    with member(topic) as consumer:
        settle(consumer)
        before = time.time() * 1000
        topic.produce(b"a")
        messages: list[Message] = []
        eventually(lambda: messages.extend(consumer.poll(1)) or messages, "the message")
        assert before - 1 < messages[0].sent_ms < time.time() * 1000 + 1


def test_largest_reads_what_comes_after_the_start(topic: Topic) -> None:
    topic.produce(b"old")
    with member(topic, OffsetReset.LARGEST) as consumer:
        assert settle(consumer) == []
        topic.produce(b"new")
        assert read(consumer, 1) == [Message(0, 1, b"new")]


def test_the_start_is_committed_before_the_source_is_settled(any_topic: Topic) -> None:
    any_topic.produce(b"old", b"older")
    with member(any_topic, OffsetReset.LARGEST) as consumer:
        assert not consumer.start_offsets_committed
        settle(consumer)
        assert any_topic.commits == {0: 2, 1: 0, 2: 0, 3: 0}


def test_a_poll_ends_when_nothing_arrives(topic: Topic) -> None:
    with member(topic) as consumer:
        settle(consumer)
        assert consumer.poll(1000) == []


def test_no_more_messages_than_wanted_are_given(topic: Topic) -> None:
    topic.produce(*[b"x"] * 25)
    with member(topic) as consumer:
        batches = [settle(consumer)]
        while sum(map(len, batches)) < 25:
            batches.append(consumer.poll(7))
        assert max(map(len, batches[1:]), default=0) <= 7


def test_a_commit_is_where_the_next_member_resumes(topic: Topic) -> None:
    topic.produce(b"a", b"b", b"c")
    with member(topic) as consumer:
        read(consumer, 3)
        consumer.commit({0: 2})
    assert topic.commits[0] == 2
    with member(topic, OffsetReset.LARGEST) as consumer:
        assert read(consumer, 1) == [Message(0, 2, b"c")]


def test_what_was_read_and_not_committed_is_read_again(topic: Topic) -> None:
    topic.produce(b"a", b"b")
    with member(topic) as consumer:
        read(consumer, 2)
    with member(topic) as consumer:
        assert read(consumer, 2) == [Message(0, 0, b"a"), Message(0, 1, b"b")]


def test_a_paused_source_gives_nothing_and_loses_nothing(topic: Topic) -> None:
    with member(topic) as consumer:
        settle(consumer)
        consumer.pause()
        topic.produce(*[b"x"] * 50)
        for _ in range(3):
            consumer.idle(0.2)
        consumer.resume()
        assert [message.offset for message in read(consumer, 50)] == list(range(50))


def test_a_source_paused_in_the_middle_goes_on_where_it_was(any_topic: Topic) -> None:
    any_topic.produce(*[b"x"] * 50)
    with member(any_topic) as consumer:
        messages = read(consumer, 1, wanted=20)
        consumer.pause()
        consumer.idle(0.2)
        consumer.resume()
        messages += read(consumer, 50 - len(messages))
        assert [message.offset for message in messages] == list(range(50))


def test_partitions_are_reported_once_with_start_and_end(any_topic: Topic) -> None:
    any_topic.produce(b"a", b"b", partition=1)
    with member(any_topic) as consumer:
        settle(consumer)
        changes = consumer.take_changes()
        assert changes.gained == {
            0: OffsetRange(0, 0),
            1: OffsetRange(0, 2),
            2: OffsetRange(0, 0),
            3: OffsetRange(0, 0),
        }
        assert changes.lost == frozenset()
        assert consumer.take_changes().gained == {}


def test_partition_end_is_known_reading_and_paused(topic: Topic) -> None:
    with member(topic) as consumer:
        settle(consumer)
        topic.produce(b"a", b"b")
        read(consumer, 2)
        assert consumer.ends([0]) == {0: 2}
        consumer.pause()
        topic.produce(b"c")
        assert consumer.ends([0]) == {0: 3}


def test_lost_data_is_read_again_as_a_new_assignment(topic: Topic) -> None:
    topic.lineage_now = "first"
    topic.produce(b"a", b"b")
    with member(topic, OffsetReset.LARGEST) as consumer:
        settle(consumer)
        topic.produce(b"c")
        read(consumer, 1)
        consumer.commit({0: 3})
        consumer.take_changes()

        topic.lineage_now = "second"

        assert read(consumer, 3) == [Message(0, 0, b"a"), Message(0, 1, b"b"), Message(0, 2, b"c")]
        assert consumer.lineage == "second"
        changes = consumer.take_changes()
        assert changes.lost == frozenset({0, 1, 2, 3})
        assert changes.gained[0] == OffsetRange(0, 3)


def test_a_commit_for_a_store_that_is_lost_is_not_resumed(topic: Topic) -> None:
    topic.lineage_now = "first"
    topic.produce(b"a", b"b")
    with member(topic) as consumer:
        read(consumer, 2)
        consumer.commit({0: 2})
    topic.lineage_now = "second"
    with member(topic, OffsetReset.LARGEST) as consumer:
        assert read(consumer, 2) == [Message(0, 0, b"a"), Message(0, 1, b"b")]
        consumer.commit({0: 2})
    with member(topic) as consumer:
        assert settle(consumer) == []


def test_a_commit_that_does_not_say_for_which_store_is_resumed(topic: Topic) -> None:
    topic.produce(b"a", b"b")
    with member(topic) as consumer:
        read(consumer, 2)
        consumer.commit({0: 1})
    topic.lineage_now = "first"
    with member(topic) as consumer:
        assert read(consumer, 1) == [Message(0, 1, b"b")]


def test_a_replay_begins_again_at_the_offset(any_topic: Topic) -> None:
    any_topic.produce(*(b"%d" % number for number in range(10)))
    any_topic.produce(b"other", partition=1)
    with member(any_topic) as consumer:
        read(consumer, 11)
        consumer.commit({0: 10, 1: 1})
        consumer.take_changes()
        consumer.replay({0: 6})
        assert [message.offset for message in read(consumer, 4)] == [6, 7, 8, 9]
        changes = consumer.take_changes()
        assert (changes.gained, changes.lost) == ({0: OffsetRange(6, 10, is_replay=True)}, {0})
        any_topic.produce(b"another", partition=1)
        assert read(consumer, 1) == [Message(1, 1, b"another")]


def test_a_replay_is_bounded_by_the_partition(topic: Topic) -> None:
    topic.produce(b"a", b"b")
    with member(topic) as consumer:
        read(consumer, 2)
        consumer.replay({0: 0})
        assert [message.offset for message in read(consumer, 2)] == [0, 1]
        consumer.replay({0: 7})
        consumer.poll(1)
        topic.produce(b"c")
        assert [message.offset for message in read(consumer, 1)] == [2]


def test_a_replay_after_a_pause_reads_everything(topic: Topic) -> None:
    with member(topic) as consumer:
        settle(consumer)
        topic.produce(*(b"%d" % number for number in range(2000)))
        read(consumer, 1000, wanted=100)
        consumer.pause()
        topic.produce(*(b"%d" % number for number in range(2000)))
        consumer.idle(0.5)
        consumer.resume()
        consumer.replay(dict.fromkeys(range(4), 900))
        messages = read(consumer, 3100)
        assert messages[0].offset == 900
