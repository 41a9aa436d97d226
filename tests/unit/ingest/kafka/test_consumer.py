"""A member of a group, on a client that answers as a test says."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from prometheus_client import CollectorRegistry

from common.settings.kafka import KafkaSettings
from common.timing import Backoff
from ingest.kafka.catch_up import OffsetRange
from ingest.kafka.commits import PendingCommits
from ingest.kafka.consumer import GroupConsumer
from ingest.kafka.start_lookup import PartitionStart, StartAnswer, StartRequest
from ingest.metrics import IngestMetrics

REFUSED = KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)


class Arrived:
    """A message of librdkafka."""

    def __init__(self, partition: int, offset: int) -> None:
        self._place = partition, offset

    def partition(self) -> int:
        return self._place[0]

    def offset(self) -> int:
        return self._place[1]

    def error(self) -> None:
        return None

    def value(self) -> bytes:
        return b"%d" % self._place[1]

    def timestamp(self) -> tuple[int, int]:
        return 1, 0


class Client:
    """librdkafka. arriving: what the next polls deliver. commits: requests that are under way."""

    def __init__(self, configuration: Mapping[str, Any]) -> None:
        self.on_commit = configuration["on_commit"]
        self.callbacks: Mapping[str, Callable[[object, Sequence[TopicPartition]], None]] = {}
        self.commits: list[dict[int, int]] = []
        self.arriving: list[Arrived] = []
        self.asked: list[float] = []
        self.read: set[int] = set()
        self.on_poll: Callable[[], object] = lambda: None

    def subscribe(self, _: Sequence[str], **callbacks: Callable[[object, Sequence[TopicPartition]], None]) -> None:
        self.callbacks = callbacks

    def consume(self, count: int, _: float) -> list[Arrived]:
        self.on_poll()
        arrived, self.arriving = self.arriving[:count], self.arriving[count:]
        return arrived

    def commit(self, offsets: Sequence[TopicPartition], **_: object) -> None:
        self.commits.append({each.partition: each.offset for each in offsets})

    def get_watermark_offsets(self, place: TopicPartition, timeout: float, *, cached: bool) -> tuple[int, int]:
        assert cached or timeout > 0
        self.asked.append(timeout)
        return 0, 100 + place.partition

    def incremental_assign(self, places: Sequence[TopicPartition]) -> None:
        self.read |= {each.partition for each in places}

    def incremental_unassign(self, places: Sequence[TopicPartition]) -> None:
        self.read -= {each.partition for each in places}

    def pause(self, _: Sequence[TopicPartition]) -> None:
        pass

    resume = pause


class Lookup:
    """Every start is 5. has_commit: whether the group has committed it."""

    has_commit = False

    def __init__(self, *_: object) -> None:
        self._request: StartRequest | None = None

    @property
    def running(self) -> bool:
        return self._request is not None

    def begin(self, request: StartRequest) -> None:
        self._request = request

    def take(self) -> StartAnswer | None:
        request, self._request = self._request, None
        start = PartitionStart(OffsetRange(5, 9), has_commit=self.has_commit)
        return StartAnswer(request, dict.fromkeys(request.policies, start), {}) if request else None


class Member:
    """The consumer of a topic, to which the group has assigned three partitions."""

    def __init__(self, patch: pytest.MonkeyPatch, *, has_commit: bool) -> None:
        clients: list[Client] = []

        def client(configuration: Mapping[str, Any]) -> Client:
            clients.append(Client(configuration))
            return clients[-1]

        patch.setattr("ingest.kafka.consumer.Consumer", client)
        patch.setattr("ingest.kafka.consumer.PendingCommits", lambda: PendingCommits(Backoff(0, 0)))
        patch.setattr("ingest.kafka.consumer.StartLookup", Lookup)
        patch.setattr(Lookup, "has_commit", has_commit)
        settings = KafkaSettings(kafka_group_id="g", fetch_timeout_ms=1)
        self.consumer = GroupConsumer(settings, "posts", 0, IngestMetrics(CollectorRegistry()))
        [self.client] = clients
        self.moves("assign", 0, 1, 2)
        self.consumer.poll(1)

    def moves(self, event: str, *partitions: int) -> None:
        self.client.callbacks[f"on_{event}"](None, [TopicPartition("posts", number) for number in partitions])

    def acknowledge(self, *refused: int, error: KafkaError | None = None) -> None:
        """Answer the oldest commit, but for these partitions."""
        answers: list[Any] = []
        for partition, offset in self.client.commits.pop(0).items():
            answers.append(Answered(partition, offset, REFUSED if partition in refused else None))
        self.client.on_commit(error, answers)

    def arrive(self, *places: tuple[int, int]) -> list[tuple[int, int]]:
        """What a poll returns when these messages arrive."""
        self.client.arriving += [Arrived(*place) for place in places]
        return [(message.partition, message.offset) for message in self.consumer.poll(len(places))]


class Answered:
    """A partition in the answer to a commit."""

    def __init__(self, partition: int, offset: int, error: KafkaError | None) -> None:
        self.partition, self.offset, self.error = partition, offset, error


@pytest.fixture
def starting(monkeypatch: pytest.MonkeyPatch) -> Member:
    """Its starts are to be committed."""
    return Member(monkeypatch, has_commit=False)


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Member:
    return Member(monkeypatch, has_commit=True)


def test_a_partition_whose_commit_is_refused_does_not_hold_back_others(starting: Member) -> None:
    assert starting.client.commits == [{0: 5, 1: 5, 2: 5}]
    starting.acknowledge(1)
    starting.consumer.poll(1)
    assert starting.consumer.take_changes().gained.keys() == {0, 2}
    assert not starting.consumer.start_offsets_committed
    assert starting.client.commits == [{1: 5}], "only that one is repeated"
    starting.acknowledge()
    assert starting.consumer.start_offsets_committed


def test_what_came_flows_before_anything_else_is_done(starting: Member) -> None:
    """A round of marks may follow, which asks every node of Redis."""
    starting.acknowledge()
    assert starting.client.read == set()
    assert starting.consumer.take_changes().gained.keys() == {0, 1, 2}
    assert starting.client.read == {0, 1, 2}


def test_a_commit_that_fails_as_a_whole_commits_nothing(starting: Member) -> None:
    starting.acknowledge(error=KafkaError(KafkaError._TIMED_OUT))
    starting.consumer.poll(1)
    assert starting.consumer.take_changes().gained == {}


def test_a_start_is_not_replaced_by_what_was_read_before(starting: Member) -> None:
    """The partition would wait for its start to be committed, and never be read."""
    starting.consumer.commit({0: 8})
    assert starting.client.commits == [{0: 5, 1: 5, 2: 5}] * 2
    starting.acknowledge()
    assert starting.consumer.take_changes().gained.keys() == {0, 1, 2}
    starting.consumer.commit({0: 8})
    assert starting.client.commits[-1] == {0: 8}


def test_what_arrived_during_a_pause_goes_with_its_partition(reading: Member) -> None:
    """The held batch gives up what is in front of it: both are read again, in order, from the commit."""
    reading.consumer.pause()
    reading.client.arriving = [Arrived(0, 6), Arrived(1, 7)]
    reading.consumer.idle(0)
    reading.consumer.idle(0)
    reading.moves("revoke", 0)
    reading.moves("assign", 0)
    reading.consumer.resume()
    assert reading.arrive() == [(1, 7)]


def test_a_partition_that_goes_during_a_pause_leaves_nothing(reading: Member) -> None:
    reading.consumer.pause()
    reading.client.arriving = [Arrived(0, 6), Arrived(1, 7)]
    reading.consumer.idle(0)
    reading.client.on_poll = lambda: reading.moves("revoke", 0)
    reading.consumer.idle(0)
    reading.client.on_poll = lambda: None
    reading.moves("assign", 0)
    assert reading.arrive() == [(1, 7)]


def test_a_replay_leaves_nothing_that_arrived_during_a_pause(reading: Member) -> None:
    reading.client.arriving = [Arrived(0, 6)]
    reading.consumer.idle(0)
    reading.consumer.replay({0: 2})
    assert reading.arrive() == []


def test_a_held_batch_waits_for_ends_no_longer_than_a_second(reading: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 0.0, 0.7, 1.5])
    reading.consumer.pause()
    monkeypatch.setattr("ingest.kafka.consumer.time.monotonic", lambda: next(times))
    assert reading.consumer.ends([0, 1, 2]) == {0: 100, 1: 101}
    assert reading.client.asked == [1.0, pytest.approx(0.3)]


def test_brokers_that_do_not_answer_are_not_asked_for_other_ends(
    reading: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))

    monkeypatch.setattr(reading.client, "get_watermark_offsets", fail)
    assert reading.consumer.ends([0, 1]) == {}
