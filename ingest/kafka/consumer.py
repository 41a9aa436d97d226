"""The shell around librdkafka's consumer: one member of the group."""

import logging
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import cast

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as KafkaMessage

from common.kafka.configuration import consumer_configuration, rebalances_incrementally
from common.kafka.errors import RefusalWatch, client_configuration, error_of
from common.settings.kafka import KafkaSettings
from common.telemetry.tracing import TRACEPARENT, is_tracing
from ingest.batch import Message
from ingest.kafka.assignment import Assignment, Changes
from ingest.kafka.commits import PendingCommits
from ingest.kafka.lineage import NO_LINEAGE, LineageSource
from ingest.kafka.start_lookup import StartLookup
from ingest.kafka.start_position import StartPolicy
from ingest.loop import batching_of
from ingest.metrics import IngestMetrics

_WATERMARK_SECONDS = 1.0
_FINAL_COMMIT_SECONDS = 5.0

_log = logging.getLogger("thunder.ingest")


class GroupConsumer:
    """A member of the group. All calls, and so all callbacks, belong to one thread."""

    def __init__(
        self,
        settings: KafkaSettings,
        topic: str,
        member: int,
        metrics: IngestMetrics,
        refill: LineageSource = NO_LINEAGE,
        *,
        rebuild: bool = False,
    ) -> None:
        """The member-th consumer of this process (from 0). ConfigurationError.

        rebuild: read everything again that the store needs and no commit says it has.
        """
        self._topic = topic
        self._batching = batching_of(settings)
        self._start_policy = StartPolicy(settings.auto_offset_reset, settings.skip_to_latest, rebuild)
        self._incremental = rebalances_incrementally(settings)
        self._refusals = RefusalWatch(settings.consumer_connection)
        self._metrics = metrics
        self._assignment = Assignment()
        self._paused = False
        self._early: list[Message] = []
        self._commits = PendingCommits()
        configuration = consumer_configuration(settings, member, self._poll_failed)
        with client_configuration(settings.consumer_connection):
            self._consumer = Consumer({**configuration, "on_commit": self._on_commit})
        self._lineage_now = refill.lineage
        self._lineage = refill.lineage()
        self._starts = StartLookup(self._consumer, refill.since, metrics)
        self._consumer.subscribe([topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost)

    def poll(self, wanted: int) -> list[Message]:
        """See loop.Source."""
        self._read_again_if_store_began_anew()
        messages = self._early or self._receive(1, self._batching.fetch_timeout)
        self._early = []
        if messages and wanted > 1:
            messages += self._receive(wanted - 1, self._batching.linger)
        owned = self._assignment.owned
        return [message for message in messages if message.partition in owned]

    def idle(self, seconds: float) -> None:
        """See back_pressure.Pausable. What librdkafka hands out all the same is kept for the next poll."""
        self._early += self._receive(1, seconds)

    def pause(self) -> None:
        """See back_pressure.Pausable."""
        self._paused = True
        self._consumer.pause(self._named(self._assignment.owned))

    def resume(self) -> None:
        """See back_pressure.Pausable."""
        self._paused = False
        self._consumer.resume(self._named(self._assignment.ready))

    def take_changes(self) -> Changes:
        """See back_pressure.Pausable."""
        return self._assignment.take_changes()

    def ends(self, partitions: Collection[int]) -> dict[int, int]:
        """See lag_monitor.Ends. Fetches bring the ends along; while paused there are none, so the brokers are asked."""
        ends: dict[int, int] = {}
        for partition in self._named(partitions):
            try:
                _, end = self._consumer.get_watermark_offsets(
                    partition, timeout=_WATERMARK_SECONDS, cached=not self._paused
                )
            except KafkaException as failure:
                self._poll_failed(error_of(failure))
                break
            if end >= 0:
                ends[partition.partition] = end
        return ends

    def commit(self, offsets: Mapping[int, int]) -> None:
        """See loop.Source. A commit that fails is counted and repeated."""
        self._commits.add(offsets)
        try:
            self._consumer.commit(offsets=self._at(self._commits.offsets), asynchronous=True)
        except KafkaException as failure:
            self._commit_failed(error_of(failure))
        else:
            self._commits.requested()

    @property
    def lineage(self) -> str:
        """See loop.Source."""
        return self._lineage

    @property
    def settled(self) -> bool:
        """See loop.Source."""
        return self._assignment.settled

    def close(self) -> None:
        """See loop.Source. When the brokers do not answer the group is not left in order: it notices by itself."""
        give_up = time.monotonic() + _FINAL_COMMIT_SECONDS
        self.pause()
        while not self._commits.settled:
            self._repeat_commits()
            self._consumer.poll(0.1)
            if self._refusals.refused or time.monotonic() > give_up:
                _log.warning("Leaving without the commits %s", self._commits.offsets)
                return
        self._consumer.close()

    def _receive(self, count: int, timeout: float) -> list[Message]:
        self._repeat_commits()
        received: list[Message] = []
        for message in self._consumer.consume(count, timeout):
            error = message.error()
            if error is not None:
                self._poll_failed(error)
                continue
            place = cast("tuple[int, int]", (message.partition(), message.offset()))
            _, sent_ms = message.timestamp()
            received.append(Message(*place, message.value(), sent_ms, _traceparent_of(message)))
        self._refusals.raise_if_refused()
        return received

    def _repeat_commits(self) -> None:
        if self._commits.must_be_repeated:
            self.commit({})

    def _poll_failed(self, error: KafkaError) -> None:
        self._metrics.poll_failed()
        self._refusals.on_error(error)

    def _read_again_if_store_began_anew(self) -> None:
        lineage = self._lineage_now()
        if lineage == self._lineage:
            return
        self._lineage = lineage
        self._early = []
        partitions = self._named(self._assignment.owned)
        if partitions:
            self._give_up(partitions)
            self._take_over(partitions, self._start_policy._replace(rebuild=True))

    def _on_assign(self, _consumer: Consumer, partitions: Sequence[TopicPartition]) -> None:
        self._take_over(partitions, self._start_policy)
        self._start_policy = self._start_policy.after_first_assignment

    def _take_over(self, partitions: Sequence[TopicPartition], policy: StartPolicy) -> None:
        starts = self._starts.starts(partitions, policy, self._lineage)
        _log.info("Reading partitions of %s from %s", self._topic, {s.partition.partition: s.span.next for s in starts})
        assign = self._consumer.incremental_assign if self._incremental else self._consumer.assign
        assign([s.partition for s in starts])
        without_commit = {s.partition.partition: s.span.next for s in starts if not s.has_commit}
        self._assignment.assigned({s.partition.partition: s.span for s in starts}, without_commit)
        self._let_flow()
        if without_commit:
            self.commit(without_commit)

    def _on_revoke(self, _consumer: Consumer, partitions: Sequence[TopicPartition]) -> None:
        _log.info("Revoked partitions of %s: %s", self._topic, [partition.partition for partition in partitions])
        self._give_up(partitions)

    def _on_lost(self, _consumer: Consumer, partitions: Sequence[TopicPartition]) -> None:
        _log.warning("The group gave up on this member, its partitions are lost")
        self._give_up(partitions)

    def _give_up(self, partitions: Sequence[TopicPartition]) -> None:
        numbers = [partition.partition for partition in partitions]
        self._assignment.revoked(numbers)
        self._commits.drop(numbers)
        if self._incremental:
            self._consumer.incremental_unassign(list(partitions))
        else:
            self._consumer.unassign()

    def _on_commit(self, error: KafkaError | None, partitions: Sequence[TopicPartition]) -> None:
        errors = (error, *(partition.error for partition in partitions))
        failure = next((each for each in errors if each is not None), None)
        if failure is not None:
            self._commits.answered({})
            self._commit_failed(failure)
            return
        committed = {partition.partition: partition.offset for partition in partitions}
        self._commits.answered(committed)
        if self._assignment.committed(committed):
            self._let_flow()

    def _commit_failed(self, error: KafkaError) -> None:
        self._metrics.commit_failed()
        _log.warning("Commit of offsets of %s failed: %s", self._topic, error.str())

    def _let_flow(self) -> None:
        """Pause what must not be read yet, resume the rest: a partition that comes back is as paused as it went."""
        owned, ready = self._assignment.owned, self._assignment.ready
        flowing = frozenset[int]() if self._paused else ready
        self._consumer.pause(self._named(owned - flowing))
        self._consumer.resume(self._named(flowing))

    def _named(self, partitions: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self._topic, partition) for partition in partitions]

    def _at(self, offsets: Mapping[int, int]) -> list[TopicPartition]:
        """Offsets to commit, for the data that they were reached with."""
        return [TopicPartition(self._topic, partition, offset, self._lineage) for partition, offset in offsets.items()]


def _traceparent_of(message: KafkaMessage) -> str:
    if not is_tracing():
        return ""
    headers = cast("list[tuple[str, bytes | None]]", message.headers() or [])
    return next((value.decode("latin-1") for name, value in headers if name == TRACEPARENT and value), "")
