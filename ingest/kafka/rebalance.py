"""Partitions of one consumer, from their assignment by the group until messages flow, and back."""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from confluent_kafka import Consumer, TopicPartition

from ingest.kafka.assignment import Assignment
from ingest.kafka.catch_up import OffsetRange
from ingest.kafka.faults import CallbackErrors
from ingest.kafka.positions import Positions
from ingest.kafka.start_lookup import StartAnswer, StartRequest
from ingest.kafka.start_position import LineageSource, StartPolicy
from ingest.kafka.start_retry import StartRetry

_log = logging.getLogger("thunder.ingest")


class RebalanceHooks(NamedTuple):
    """Calls to the consumer: begin to commit offsets, forget what is under way of some partitions, keep errors."""

    commit: Callable[[Mapping[int, int]], None]
    forget: Callable[[Collection[int]], None]
    errors: CallbackErrors


class Rebalance:
    """Partitions of one consumer, and whether they flow. All calls, and so all callbacks, belong to one thread.

    librdkafka is given a partition only when its start offset is known and committed: what it does not have it does
    not read. The member polls on meanwhile, and keeps its partitions.
    """

    def __init__(
        self,
        consumer: Consumer,
        topic: str,
        starts: StartRetry,
        policy: StartPolicy,
        lineage: LineageSource,
        positions: Positions,
        hooks: RebalanceHooks,
        *,
        incremental: bool,
    ) -> None:
        """incremental: the group moves partitions one by one."""
        self.assignment = Assignment()
        self.lineage = lineage.lineage()
        self._topic_id = lineage.topic_id()
        self.paused = False
        self._consumer = consumer
        self._topic = topic
        self._starts = starts
        self._policy = policy
        self._policies: dict[int, StartPolicy] = {}
        self._positions = positions
        self._flowing: set[int] = set()
        self._group_start: set[int] = set()
        self._source = lineage
        self._hooks = hooks
        self._incremental = incremental

    def subscribe(self) -> None:
        """Join the group. Its decisions arrive while the consumer polls."""
        kept = self._hooks.errors.kept
        self._consumer.subscribe(
            [self._topic],
            on_assign=kept(self._on_assign),
            on_revoke=kept(self._on_revoke),
            on_lost=kept(self._on_lost),
        )

    @property
    def made_for(self) -> str:
        """Metadata of commits: the lineage of the store; without a store, the id of the topic."""
        return self.lineage or self._topic_id

    def start_again_if_changed(self) -> bool:
        """Start all partitions again if the lineage of the store, or the id of the topic, changed. Returns whether."""
        lineage, topic_id = self._source.lineage(), self._source.topic_id() or self._topic_id
        if (lineage, topic_id) == (self.lineage, self._topic_id):
            return False
        policy = self._policy
        if lineage != self.lineage:
            policy = policy._replace(rebuild=True)
        if self._topic_id not in ("", topic_id):
            policy = policy.in_new_topic
            _log.warning("Topic %s was deleted and made again: reading it from its beginning", self._topic)
        self.lineage, self._topic_id = lineage, topic_id
        if owned := self.assignment.owned:
            self._give_up(owned)
            self._take_over(dict.fromkeys(owned, policy))
        return True

    def replay(self, offsets: Mapping[int, int]) -> None:
        """Start these partitions again, each at this offset at most, as far as they still belong to this member."""
        owned = self.assignment.owned & offsets.keys()
        if not owned:
            return
        self._give_up(owned)
        if not self._incremental:
            self._consumer.assign(self._places(self._flowing))
        policies = {partition: self._policy.replaying(offsets[partition]) for partition in owned}
        self._take_over(policies)

    def advance(self) -> None:
        """Bring partitions nearer to their flow: look up starts, commit them, read. Called often; does not block."""
        if answer := self._starts.take():
            self._learn(answer)
        self._let_flow(self.assignment.ready - self._flowing)
        self._look_up()

    def committed(self, offsets: Mapping[int, int]) -> None:
        """These offsets are committed: partitions that start there may flow."""
        self.assignment.committed(offsets)
        self._group_start.difference_update(offsets)

    def pause(self) -> None:
        """Receive nothing until resume."""
        self.paused = True
        self._consumer.pause(self.named(self._flowing))

    def resume(self) -> None:
        """Receive again."""
        self.paused = False
        self._consumer.resume(self.named(self._flowing))

    def named(self, partitions: Iterable[int]) -> list[TopicPartition]:
        """Partitions of the topic as librdkafka takes them."""
        return [TopicPartition(self._topic, partition) for partition in partitions]

    @property
    def flowing(self) -> frozenset[int]:
        """Partitions that librdkafka reads, unless they are paused."""
        return frozenset(self._flowing)

    def _on_assign(self, _consumer: Consumer, partitions: Sequence[TopicPartition]) -> None:
        if self._incremental:
            self._consumer.incremental_assign([])
        else:
            self._consumer.assign([])
            self._flowing.clear()
        self._take_over(dict.fromkeys(_numbers(partitions), self._policy))
        self._policy = self._policy.after_first_assignment

    def _on_revoke(self, _consumer: Consumer, partitions: Sequence[TopicPartition]) -> None:
        _log.info("Revoked partitions of %s: %s", self._topic, _numbers(partitions))
        self._give_up(_numbers(partitions))

    def _on_lost(self, _consumer: Consumer, partitions: Sequence[TopicPartition]) -> None:
        _log.warning("Lost partitions of %s: the group removed this member: %s", self._topic, _numbers(partitions))
        self._give_up(_numbers(partitions))

    def _take_over(self, policies: Mapping[int, StartPolicy]) -> None:
        self.assignment.assigned(policies.keys())
        self._policies.update(policies)
        self._starts.hurry()
        self._look_up()

    def _give_up(self, partitions: Collection[int]) -> None:
        self._abandon_group_start()
        self.assignment.revoked(partitions)
        self._hooks.forget(partitions)
        self._positions.forget(partitions)
        flowing = self._flowing.intersection(partitions)
        self._flowing -= flowing
        if self._incremental:
            self._consumer.incremental_unassign(self.named(flowing))
        else:
            self._consumer.unassign()

    def _look_up(self) -> None:
        unstarted = self.assignment.unstarted
        policies = {partition: self._policies[partition] for partition in sorted(unstarted)}
        self._starts.begin(StartRequest(policies, unstarted, self.made_for, self._topic_id))

    def _learn(self, answer: StartAnswer) -> None:
        request, unstarted = answer.request, self.assignment.unstarted
        is_current = (request.lineage, request.topic_id) == (self.made_for, self._topic_id)
        found = {
            partition: start
            for partition, start in answer.found.items()
            if is_current and unstarted.get(partition) == request.assignments[partition]
        }
        if found != answer.found and answer.group_start:
            return  # another member may start the group now
        if found:
            self._start({partition: start.offset_range for partition, start in found.items()}, answer)

    def _start(self, offset_ranges: Mapping[int, OffsetRange], answer: StartAnswer) -> None:
        offsets = {partition: offset_range.next for partition, offset_range in offset_ranges.items()}
        _log.info("Reading partitions of %s from %s", self._topic, offsets)
        self._policy = self._policy.in_started_group
        self._positions.started(offsets)
        uncommitted = {number: offset for number, offset in offsets.items() if not answer.found[number].has_commit}
        self.assignment.started(offset_ranges, uncommitted)
        self._group_start.update(answer.group_start)
        if uncommitted:
            self._hooks.commit({**answer.group_start, **uncommitted})

    def _abandon_group_start(self) -> None:
        """Look up the starts again unless all of the group's are committed: part of them must not be."""
        if self._group_start:
            self._hooks.forget(self._group_start | self.assignment.restart())
            self._group_start.clear()
            self._starts.hurry()

    def _let_flow(self, partitions: Collection[int]) -> None:
        """Let librdkafka read these too. Each is as paused as it was when it was read last."""
        if not partitions:
            return
        if self._incremental:
            self._consumer.incremental_assign(self._places(partitions))
        else:
            self._consumer.assign(self._places(self._flowing.union(partitions)))
        self._flowing.update(partitions)
        if self.paused:
            self._consumer.pause(self.named(partitions))
        else:
            self._consumer.resume(self.named(partitions))

    def _places(self, partitions: Collection[int]) -> list[TopicPartition]:
        return [TopicPartition(self._topic, partition, self._positions.next[partition]) for partition in partitions]


def _numbers(partitions: Sequence[TopicPartition]) -> list[int]:
    return [partition.partition for partition in partitions]
