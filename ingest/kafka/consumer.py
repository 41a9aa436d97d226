"""A member of the consumer group on librdkafka: polls, pauses, commits offsets, leaves."""

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import cast

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as KafkaMessage

from common.kafka.configuration import consumer_configuration, lookup_configuration, rebalances_incrementally
from common.kafka.errors import RefusalWatch, client_configuration, error_of
from common.settings.kafka import KafkaSettings
from common.telemetry.tracing import TRACEPARENT, is_tracing
from ingest.batch import Gather, Message, batching_of, no_gathering
from ingest.kafka.assignment import AssignmentChanges
from ingest.kafka.commits import PendingCommits
from ingest.kafka.faults import CallbackErrors, Complaint
from ingest.kafka.positions import Positions
from ingest.kafka.rebalance import Rebalance, RebalanceHooks
from ingest.kafka.start_lookup import StartLookup
from ingest.kafka.start_position import NO_LINEAGE, LineageSource, StartPolicy
from ingest.kafka.start_retry import StartRetry
from ingest.metrics import IngestMetrics

_WATERMARK_SECONDS = 1.0
_FINAL_COMMIT_SECONDS = 5.0
_SETTLED_SECONDS = 0.2
_UNSETTLED_SECONDS = 0.02
"""Longest time without attention to the group: the second one, while start offsets are looked up or committed."""

_END = "_PARTITION_EOF"

_new_message = cast("Callable[[type[Message], tuple[int, int, bytes | None, int, str]], Message]", tuple.__new__)
"""Less work than Message(...)."""

_log = logging.getLogger("thunder.ingest")


class GroupConsumer:
    """A member of the group. All calls, and so all callbacks, belong to one thread."""

    def __init__(
        self,
        settings: KafkaSettings,
        topic: str,
        member: int,
        metrics: IngestMetrics,
        lineage: LineageSource = NO_LINEAGE,
        *,
        rebuild: bool = False,
    ) -> None:
        """The member-th consumer of this process (from 0). ConfigurationError.

        rebuild: read everything again that the store needs and no commit says it has.
        """
        self._topic = topic
        self._batching = batching_of(settings)
        self._refusals = RefusalWatch(settings.consumer_connection)
        self._metrics = metrics
        self._received_while_idle: list[Message] = []
        self._positions = Positions()
        self._moved = False
        self._commits = PendingCommits()
        self._complaint = Complaint()
        self._errors = CallbackErrors()
        kept = self._errors.kept
        configuration = consumer_configuration(settings, member, kept(self._poll_failed))
        with client_configuration(settings.consumer_connection):
            self._consumer = Consumer({**configuration, "on_commit": kept(self._on_commit)})
        lookup = StartLookup(lookup_configuration(settings, kept(self._poll_failed)), topic, lineage)
        self._rebalance = Rebalance(
            self._consumer,
            topic,
            StartRetry(lookup, topic, self._poll_failed),
            StartPolicy(settings.auto_offset_reset, settings.skip_to_latest, rebuild),
            lineage,
            self._positions,
            RebalanceHooks(self._commit_starts, self._forget, self._errors),
            incremental=rebalances_incrementally(settings),
        )
        self._assignment = self._rebalance.assignment
        self._rebalance.subscribe()

    def poll(self, wanted: int, gather: Gather = no_gathering) -> list[Message]:
        """Up to `wanted` messages; partitions start again first if the lineage of the store, or the topic, changed."""
        if self._rebalance.start_again_if_changed():
            self._received_while_idle = []
        messages = self._received_while_idle or self._receive_first()
        self._received_while_idle = []
        if messages and wanted > 1:
            first_at = time.monotonic()
            messages += self._receive(wanted - 1, 0)
            while len(messages) < wanted and (seconds := gather(time.monotonic() - first_at)) > 0:
                messages += self._receive(wanted - len(messages), seconds)
        owned = self._assignment.owned
        return [message for message in messages if message.partition in owned]

    def idle(self, seconds: float) -> None:
        """Stay in the group. A message that librdkafka delivers in spite of the pause is kept for the next poll."""
        received = self._receive(1, seconds)
        self._received_while_idle = [*self._received_while_idle, *received]  # partitions may have gone meanwhile

    def pause(self) -> None:
        """Receive nothing until resume."""
        self._rebalance.pause()

    def resume(self) -> None:
        """Receive again."""
        self._rebalance.resume()

    def replay(self, offsets: Mapping[int, int]) -> None:
        """Read these partitions again from these offsets, 0 for all that the store needs: they go and come back."""
        self._rebalance.replay(offsets)

    def take_changes(self) -> AssignmentChanges:
        """Partitions that came and went since the last call. Those that came flow from now on."""
        changes = self._assignment.take_changes()
        if changes.gained:
            self._rebalance.advance()
        return changes

    def ends(self, partitions: Collection[int]) -> dict[int, int]:
        """Offset below which each partition can be read now.

        At the end it is known; before it, fetches bring the end along, with open transactions counted. While paused
        there are no fetches, so the brokers are asked, for as long as a held batch may wait.
        """
        ends: dict[int, int] = {}
        paused = self._rebalance.paused
        reached = {} if paused else self._positions.ends
        deadline = time.monotonic() + _WATERMARK_SECONDS
        for partition in self._rebalance.named(partitions):
            number = partition.partition
            if number in reached:
                ends[number] = reached[number]
                continue
            left = deadline - time.monotonic()
            if paused and left <= 0:
                break
            try:
                _, end = self._consumer.get_watermark_offsets(partition, timeout=max(0.0, left), cached=not paused)
            except KafkaException as failure:
                self._poll_failed(error_of(failure))
                break
            if end >= 0:
                ends[number] = end
        return ends

    def passed(self) -> dict[int, int]:
        """Offset that each partition was read up to, where that is its end.

        The last messages below it may be transaction markers, of aborted transactions, or compacted away.
        """
        kept = {message.partition for message in self._received_while_idle}
        return {partition: end for partition, end in self._positions.ends.items() if partition not in kept}

    def commit(self, offsets: Mapping[int, int]) -> None:
        """Begin to commit offsets, for the data that they were reached with. A failure is counted and repeated.

        The start that a partition waits for is left as it is: a message of a former assignment may stand behind it.
        """
        ready = self._assignment.ready
        self._request({partition: offset for partition, offset in offsets.items() if partition in ready})

    @property
    def lineage(self) -> str:
        """Lineage of the store that the partitions are read for."""
        return self._rebalance.lineage

    @property
    def start_offsets_committed(self) -> bool:
        """Whether the group has assigned partitions, and each that is read has a commit."""
        return self._assignment.start_offsets_committed

    def close(self) -> None:
        """Finish commits, leave the group. Brokers that do not answer notice by the session timeout instead."""
        deadline = time.monotonic() + _FINAL_COMMIT_SECONDS
        self.pause()
        self._commits.hurry()
        self._commits.drop(self._commits.offsets.keys() - self._assignment.ready)  # nothing of these was read
        while not self._commits.acknowledged:
            self._repeat_commits()
            self._consumer.poll(0.1)
            if self._refusals.refused or not self._commits.offsets or time.monotonic() > deadline:
                break
        if self._commits.offsets:
            _log.warning(
                "Leaving the group with offsets of %s uncommitted: their messages are read again: %s",
                self._topic,
                self._commits.offsets,
            )
            return
        self._consumer.close()

    def _receive_first(self) -> list[Message]:
        """One message, unless none arrives in time; ends when the group or a position moves without one, too."""
        deadline = time.monotonic() + self._batching.fetch_timeout
        self._moved = False
        while True:
            left = max(0.0, deadline - time.monotonic())
            settled = self._assignment.start_offsets_committed
            messages = self._receive(1, min(left, _SETTLED_SECONDS if settled else _UNSETTLED_SECONDS))
            if messages or self._moved or left == 0 or settled != self._assignment.start_offsets_committed:
                return messages

    def _receive(self, count: int, timeout: float) -> list[Message]:
        self._repeat_commits()
        self._rebalance.advance()
        received: list[Message] = []
        last: dict[int, int] = {}
        traced = is_tracing()
        for message in self._consumer.consume(count, timeout):
            partition, offset = cast("tuple[int, int]", (message.partition(), message.offset()))
            error = message.error()
            if error is None:
                _, sent_ms = message.timestamp()
                traceparent = _traceparent_of(message) if traced else ""
                received.append(_new_message(Message, (partition, offset, message.value(), sent_ms, traceparent)))
                last[partition] = offset
            elif error.name() == _END:
                self._received_up_to(last)
                self._moved |= self._positions.reached_end(partition, offset)
            else:
                self._poll_failed(error)
        self._received_up_to(last)
        self._errors.raise_first()
        self._refusals.raise_if_refused()
        return received

    def _received_up_to(self, last: dict[int, int]) -> None:
        while last:
            self._positions.received(*last.popitem())

    def _poll_failed(self, error: KafkaError) -> None:
        self._metrics.poll_failed()
        self._refusals.on_error(error)

    def _commit_starts(self, offsets: Mapping[int, int]) -> None:
        """Begin to commit offsets that partitions wait for, however many commits have failed before."""
        self._commits.hurry()
        self._request(offsets)

    def _forget(self, partitions: Collection[int]) -> None:
        """These partitions go, perhaps to come back: what was received of them is read again."""
        self._commits.drop(partitions)
        self._received_while_idle = [each for each in self._received_while_idle if each.partition not in partitions]

    def _request(self, offsets: Mapping[int, int]) -> None:
        self._commits.add(offsets)
        if not self._commits.may_be_requested(time.monotonic()):
            return
        made_for = self._rebalance.made_for
        places = [
            TopicPartition(self._topic, partition, offset, made_for)
            for partition, offset in self._commits.offsets.items()
        ]
        self._commits.requested()
        try:
            self._consumer.commit(offsets=places, asynchronous=True)
        except KafkaException as failure:
            self._commit_failed(error_of(failure))

    def _repeat_commits(self) -> None:
        if self._commits.must_be_repeated(time.monotonic()):
            self._request({})

    def _on_commit(self, error: KafkaError | None, partitions: Sequence[TopicPartition]) -> None:
        """Take each partition as Kafka answers for it: one that is refused does not hold back the others."""
        refused = [partition.error for partition in partitions if partition.error is not None]
        committed = {each.partition: each.offset for each in partitions if each.error is None and error is None}
        if error is not None or refused:
            self._commit_failed(error or refused[0], committed)
        else:
            self._complaint.ended()
            self._commits.answered(committed)
        self._rebalance.committed(committed)

    def _commit_failed(self, error: KafkaError, committed: Mapping[int, int] = MappingProxyType({})) -> None:
        self._commits.failed(time.monotonic(), committed)
        self._metrics.commit_failed()
        if self._complaint.is_new(error.name()):
            _log.warning("Commits of offsets of %s fail, they are repeated: %s", self._topic, error.str())


def _traceparent_of(message: KafkaMessage) -> str:
    headers = cast("list[tuple[str, bytes | None]]", message.headers() or [])
    return next((value.decode("latin-1") for name, value in headers if name == TRACEPARENT and value), "")
