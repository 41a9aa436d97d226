"""Partitions between their assignment and their flow, on a client that notes its calls."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import cast

import pytest
from confluent_kafka import Consumer, KafkaError, TopicPartition

from ingest.kafka.catch_up import OffsetRange
from ingest.kafka.faults import CallbackErrors
from ingest.kafka.positions import Positions
from ingest.kafka.rebalance import Rebalance, RebalanceHooks
from ingest.kafka.start_lookup import PartitionStart, StartAnswer, StartLookup, StartRequest
from ingest.kafka.start_position import LineageSource, StartPolicy
from ingest.kafka.start_retry import StartRetry


class Client:
    """What librdkafka was told to read."""

    def __init__(self) -> None:
        self.read: dict[int, int] = {}
        self.callbacks: Mapping[str, Callable[[object, Sequence[TopicPartition]], None]] = {}

    def subscribe(self, _: Sequence[str], **callbacks: Callable[[object, Sequence[TopicPartition]], None]) -> None:
        self.callbacks = callbacks

    def assign(self, places: Sequence[TopicPartition]) -> None:
        self.read = {place.partition: place.offset for place in places}

    def incremental_assign(self, places: Sequence[TopicPartition]) -> None:
        self.read.update({place.partition: place.offset for place in places})

    def unassign(self) -> None:
        self.read = {}

    def incremental_unassign(self, places: Sequence[TopicPartition]) -> None:
        for place in places:
            del self.read[place.partition]

    def pause(self, _: object) -> None:
        pass

    def resume(self, _: object) -> None:
        pass


class Lookup:
    """Answers when a test does."""

    def __init__(self) -> None:
        self.requests: list[StartRequest] = []
        self.answer: StartAnswer | None = None
        self.running = False

    def begin(self, request: StartRequest) -> None:
        self.requests.append(request)
        self.running = True

    def take(self) -> StartAnswer | None:
        answer, self.answer = self.answer, None
        self.running = self.running and answer is None
        return answer


class Group:
    """A member of a group, its client and its commits."""

    def __init__(self, *, incremental: bool = True) -> None:
        self.client, self.lookup, self.positions = Client(), Lookup(), Positions()
        self.commits: list[dict[int, int]] = []
        self.dropped: set[int] = set()
        self.failures: list[KafkaError] = []
        self.errors = CallbackErrors()
        self.lineage, self.topic_id = "a", ""
        self.rebalance = Rebalance(
            cast("Consumer", self.client),
            "posts",
            StartRetry(cast("StartLookup", self.lookup), "posts", self.failures.append),
            StartPolicy(),
            LineageSource(lambda: self.lineage, int, lambda: self.topic_id),
            self.positions,
            RebalanceHooks(self._commit, self._drop, self.errors),
            incremental=incremental,
        )
        self.rebalance.subscribe()

    def moves(self, event: str, *partitions: int) -> None:
        self.client.callbacks[f"on_{event}"](None, [TopicPartition("posts", number) for number in partitions])

    def answer(self, *, has_commit: bool = True, group_start: Mapping[int, int] | None = None, **starts: int) -> None:
        found = {
            int(name[1:]): PartitionStart(OffsetRange(offset, 9), has_commit=has_commit)
            for name, offset in starts.items()
        }
        self.lookup.answer = StartAnswer(self.lookup.requests[-1], found, group_start or {})
        self.rebalance.advance()

    def _commit(self, offsets: Mapping[int, int]) -> None:
        self.commits.append(dict(offsets))

    def _drop(self, partitions: Collection[int]) -> None:
        self.dropped |= set(partitions)


def test_a_partition_flows_from_its_start_once_that_is_known() -> None:
    group = Group()
    group.moves("assign", 0, 1)
    group.rebalance.advance()
    assert group.client.read == {}
    group.answer(p0=5)
    assert group.client.read == {0: 5}
    assert not group.rebalance.assignment.start_offsets_committed


def test_a_start_without_a_commit_is_committed_first() -> None:
    group = Group()
    group.moves("assign", 0)
    group.answer(p0=5, has_commit=False)
    assert (group.commits, group.client.read) == ([{0: 5}], {})
    group.rebalance.committed({0: 5})
    group.rebalance.advance()
    assert group.client.read == {0: 5}


def test_an_answer_for_a_former_assignment_is_stale() -> None:
    group = Group()
    group.moves("assign", 0)
    group.moves("revoke", 0)
    group.moves("assign", 0)
    group.answer(p0=5)
    assert group.client.read == {}


def test_an_answer_for_another_lineage_is_stale() -> None:
    group = Group()
    group.moves("assign", 0)
    group.lineage = "b"
    assert group.rebalance.start_again_if_changed()
    group.answer(p0=5)
    assert group.client.read == {}


def test_a_topic_made_again_is_started_again() -> None:
    group = Group()
    group.topic_id = "first"
    assert group.rebalance.start_again_if_changed()
    group.moves("assign", 0)
    group.answer(p0=5)
    group.topic_id = "second"
    assert group.rebalance.start_again_if_changed()
    assert (group.client.read, group.dropped) == ({}, {0})
    group.rebalance.advance()
    request = group.lookup.requests[-1]
    assert (request.policies, request.topic_id) == ({0: StartPolicy(group_started=True, made_again=True)}, "second")
    group.answer(p0=0)
    assert group.client.read == {0: 0}


def test_a_topic_id_that_becomes_known_does_not_make_it_new() -> None:
    group = Group()
    group.moves("assign", 0)
    group.answer(p0=5)
    group.topic_id = "first"
    group.rebalance.start_again_if_changed()
    group.rebalance.advance()
    assert not group.lookup.requests[-1].policies[0].made_again
    group.answer(p0=5)
    group.topic_id = ""
    assert not group.rebalance.start_again_if_changed(), "brokers that do not answer for a while"


def test_an_answer_for_a_former_topic_is_stale() -> None:
    group = Group()
    group.topic_id = "first"
    group.rebalance.start_again_if_changed()
    group.moves("assign", 0)
    stale = group.lookup.requests[-1]
    group.topic_id = "second"
    group.rebalance.start_again_if_changed()
    group.lookup.requests.append(stale)
    group.answer(p0=5)
    assert group.client.read == {}


def test_without_a_store_commits_say_which_topic_they_are_of() -> None:
    group = Group()
    group.topic_id = "first"
    assert group.rebalance.start_again_if_changed()
    assert group.rebalance.made_for == "a"
    group.lineage = ""
    assert group.rebalance.start_again_if_changed()
    assert group.rebalance.made_for == "first"


def test_the_first_partition_starts_the_group_for_all() -> None:
    group = Group()
    group.moves("assign", 0)
    group.answer(p0=9, has_commit=False, group_start={0: 9, 1: 7})
    assert group.commits == [{0: 9, 1: 7}]


def test_a_group_start_is_given_up_when_partitions_move() -> None:
    """The rest of it must not be committed: without the others it would say that they were added later."""
    group = Group()
    group.moves("assign", 0, 1)
    group.answer(p0=9, p1=7, has_commit=False, group_start={0: 9, 1: 7, 2: 3})
    group.moves("revoke", 1)
    assert group.dropped == {0, 1, 2}
    assert group.rebalance.assignment.unstarted.keys() == {0}


def test_a_group_start_is_not_made_for_another_member() -> None:
    group = Group()
    group.moves("assign", 0, 1)
    group.moves("revoke", 0)
    group.answer(p0=9, p1=7, has_commit=False, group_start={0: 9, 1: 7})
    assert group.commits == []


def test_all_at_once_means_those_that_flow_go_on_where_they_are() -> None:
    group = Group(incremental=False)
    group.moves("assign", 0, 1)
    group.answer(p0=5)
    group.positions.received(0, 7)
    group.lookup.requests.append(group.lookup.requests[0])
    group.answer(p1=2)
    assert group.client.read == {0: 8, 1: 2}


def test_what_a_callback_raises_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    group = Group()
    monkeypatch.setattr(group.client, "incremental_assign", "no function")
    group.moves("assign", 0)
    with pytest.raises(TypeError):
        group.errors.raise_first()


def test_failed_lookups_are_counted_and_logged_once_per_cause(caplog: pytest.LogCaptureFixture) -> None:
    group = Group()
    group.moves("assign", 0)
    for _ in range(3):
        failure = KafkaError(KafkaError.LEADER_NOT_AVAILABLE)
        group.lookup.answer = StartAnswer(group.lookup.requests[0], {}, {}, failure)
        group.rebalance.advance()
    assert len(group.failures) == 3
    assert caplog.text.count("cannot be looked up") == 1


def test_starts_are_looked_up_again_a_second_after_an_outage() -> None:
    group, now = Group(), 100.0
    retry = StartRetry(cast("StartLookup", group.lookup), "posts", group.failures.append, lambda: now)
    request = StartRequest({0: StartPolicy()}, {0: 1}, "a")
    for _ in range(20):
        group.lookup.answer = StartAnswer(request, {}, {}, KafkaError(KafkaError.LEADER_NOT_AVAILABLE))
        retry.take()
    now += 1
    retry.begin(request)
    assert group.lookup.requests == [request]
