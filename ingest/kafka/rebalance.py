"""Callbacks of a rebalance: take over partitions at their start offsets, release others."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from confluent_kafka import Consumer, TopicPartition

from ingest.kafka.assignment import Assignment
from ingest.kafka.commits import PendingCommits
from ingest.kafka.start_lookup import StartLookup
from ingest.kafka.start_position import LineageSource, StartPolicy

_log = logging.getLogger("thunder.ingest")


class Rebalance:
    """Partitions of one consumer, and whether they flow. All calls, and so all callbacks, belong to one thread.

    A partition without a commit flows only when its start offset is committed.
    """

    def __init__(
        self,
        consumer: Consumer,
        topic: str,
        starts: StartLookup,
        policy: StartPolicy,
        lineage: LineageSource,
        pending: PendingCommits,
        commit: Callable[[Mapping[int, int]], None],
        *,
        incremental: bool,
    ) -> None:
        """commit: begins to commit offsets, which `pending` keeps until they are acknowledged.

        incremental: the group moves partitions one by one.
        """
        self.assignment = Assignment()
        self.lineage = lineage.lineage()
        self.paused = False
        self._consumer = consumer
        self._topic = topic
        self._starts = starts
        self._policy = policy
        self._lineage_now = lineage.lineage
        self._pending = pending
        self._commit = commit
        self._incremental = incremental

    def subscribe(self) -> None:
        """Join the group. Its decisions arrive while the consumer polls."""
        self._consumer.subscribe(
            [self._topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
        )

    def replay_if_lineage_changed(self) -> bool:
        """Start all partitions again if the lineage of the store changed. Returns whether it did."""
        lineage = self._lineage_now()
        if lineage == self.lineage:
            return False
        self.lineage = lineage
        if partitions := self.named(self.assignment.owned):
            self._give_up(partitions)
            self._take_over(partitions, self._policy._replace(rebuild=True))
        return True

    def committed(self, offsets: Mapping[int, int]) -> None:
        """These offsets are committed: partitions that start there may flow."""
        if self.assignment.committed(offsets):
            self._update_flow()

    def pause(self) -> None:
        """Receive nothing until resume."""
        self.paused = True
        self._consumer.pause(self.named(self.assignment.owned))

    def resume(self) -> None:
        """Receive again."""
        self.paused = False
        self._consumer.resume(self.named(self.assignment.ready))

    def named(self, partitions: Iterable[int]) -> list[TopicPartition]:
        """Partitions of the topic as librdkafka takes them."""
        return [TopicPartition(self._topic, partition) for partition in partitions]

    def _on_assign(self, _consumer: Consumer, partitions: Sequence[TopicPartition]) -> None:
        self._take_over(partitions, self._policy)
        self._policy = self._policy.after_first_assignment

    def _on_revoke(self, _consumer: Consumer, partitions: Sequence[TopicPartition]) -> None:
        _log.info("Revoked partitions of %s: %s", self._topic, [partition.partition for partition in partitions])
        self._give_up(partitions)

    def _on_lost(self, _consumer: Consumer, partitions: Sequence[TopicPartition]) -> None:
        numbers = [partition.partition for partition in partitions]
        _log.warning("Lost partitions of %s: the group removed this member: %s", self._topic, numbers)
        self._give_up(partitions)

    def _take_over(self, partitions: Sequence[TopicPartition], policy: StartPolicy) -> None:
        starts = self._starts.starts(partitions, policy, self.lineage)
        _log.info(
            "Reading partitions of %s from %s",
            self._topic,
            {s.partition.partition: s.offset_range.next for s in starts},
        )
        assign = self._consumer.incremental_assign if self._incremental else self._consumer.assign
        assign([s.partition for s in starts])
        without_commit = {s.partition.partition: s.offset_range.next for s in starts if not s.has_commit}
        self.assignment.assigned({s.partition.partition: s.offset_range for s in starts}, without_commit)
        self._update_flow()
        if without_commit:
            self._commit(without_commit)

    def _give_up(self, partitions: Sequence[TopicPartition]) -> None:
        numbers = [partition.partition for partition in partitions]
        self.assignment.revoked(numbers)
        self._pending.drop(numbers)
        if self._incremental:
            self._consumer.incremental_unassign(list(partitions))
        else:
            self._consumer.unassign()

    def _update_flow(self) -> None:
        """Pause what must not be read yet, resume the rest: a partition that comes back is as paused as it went."""
        owned, ready = self.assignment.owned, self.assignment.ready
        flowing = frozenset[int]() if self.paused else ready
        self._consumer.pause(self.named(owned - flowing))
        self._consumer.resume(self.named(flowing))
