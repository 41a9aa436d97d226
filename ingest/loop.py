"""The loop of one consumer thread: poll, decode, write, send dead letters, commit. In this order."""

import math
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Generic, NamedTuple, Protocol

from common.errors import TooManyBadMessages
from common.settings.kafka import LAG_INTERVAL_SECONDS
from common.telemetry.tracing import span
from common.timing import Backoff, Clock
from ingest.batch import (
    Batch,
    Batching,
    DeadLetter,
    E,
    E_contra,
    Gather,
    Message,
    MessageFormat,
    Undecoded,
    decode_batch,
    no_gathering,
)
from ingest.dead_letters.limits import DeadLetterLimits, DeadLetterLimitState
from ingest.dead_letters.writer import DeadLetterLog
from ingest.kafka.assignment import AssignmentChanges
from ingest.kafka.back_pressure import BackPressure, Pausable
from ingest.kafka.catch_up import CatchUpProgress
from ingest.kafka.commits import offsets_to_commit
from ingest.kafka.lag_monitor import EndOffsets, LagMonitor, ReportCaughtUp
from ingest.metrics import IngestMetrics
from ingest.write_limiter import WriteLimiter


class MessageConsumer(Pausable, EndOffsets, Protocol):
    """A member of a consumer group. For one thread."""

    def poll(self, wanted: int, gather: Gather = no_gathering) -> list[Message]:
        """Up to `wanted` messages of this member's partitions, in order per partition; none when none arrive in time.

        gather: asked how long to wait for more, once there is one.
        After each poll take_changes() must be called. KafkaRefused. Blocks.
        """
        ...

    def passed(self) -> Mapping[int, int]:
        """Offset of each partition below which all messages were polled, or never will be, where that is its end."""
        ...

    def commit(self, offsets: Mapping[int, int]) -> None:
        """Begin to commit the next offset to read of each partition. Does not block."""
        ...

    def replay(self, offsets: Mapping[int, int]) -> None:
        """Read partitions again, each from this offset or where Kafka begins, 0 for all that the store needs.

        Those that still belong to this member go, and come back when the start is committed. Does not block.
        """
        ...

    @property
    def lineage(self) -> str:
        """Lineage of the store that the partitions are read for, empty for none. Changes during a poll only."""
        ...

    @property
    def start_offsets_committed(self) -> bool:
        """The group has assigned partitions, perhaps none, and each that is read has a commit."""
        ...

    def close(self) -> None:
        """Finish the commits under way, leave the group. Blocks, bounded."""
        ...


class Sink(Protocol[E_contra]):
    """Receives the events of a thread."""

    def write(self, events: Sequence[E_contra], now: int) -> None:
        """Return when all are durable; writing them again changes nothing. now in Unix seconds. Blocks.

        StoreUnavailable or KafkaUnavailable when the same call may succeed later.
        """
        ...


class DeadLetterSink(Protocol):
    """Receives malformed messages."""

    def write(self, dead_letters: Sequence[DeadLetter]) -> None:
        """Return when all are acknowledged. KafkaUnavailable when the same call may succeed later. Blocks."""
        ...


class Marks(Protocol):
    """Notes in the store how far it is filled, and finds out when it has lost writes. All calls are of one thread."""

    def lost(self, partitions: Collection[int]) -> None:
        """Partitions went."""
        ...

    def gained(self, starts: Mapping[int, tuple[int, int, bool, str]]) -> None:
        """Partitions came: next offset to read, end offset, whether a replay begins there, id of the topic."""
        ...

    def keep(self, positions: Mapping[int, int], lineage: str) -> Mapping[int, int]:
        """Note that everything below these offsets is in the store; called often, between writes. Blocks, bounded.

        Returns the offsets from which partitions must be read again.
        """
        ...

    def examine(self, outcomes: Iterable[tuple[Message, object]], now: int) -> None:
        """Look whether outcomes that are about to be written, and were before, are there. StoreUnavailable. Blocks."""
        ...

    def observe(self) -> None:
        """Watch the store while a write is repeated; called often. Blocks, bounded."""
        ...


class NoMarks:
    """For a sink that is no store."""

    def lost(self, partitions: Collection[int]) -> None:
        """Note nothing."""

    def gained(self, starts: Mapping[int, tuple[int, int, bool, str]]) -> None:
        """Note nothing."""

    def keep(self, positions: Mapping[int, int], lineage: str) -> Mapping[int, int]:
        """Read nothing again."""
        return {}

    def examine(self, outcomes: Iterable[tuple[Message, object]], now: int) -> None:
        """Look for nothing."""

    def observe(self) -> None:
        """Watch nothing."""


class Adapters(NamedTuple, Generic[E]):
    """Everything a loop is connected to. report_caught_up: None where no server waits for it.

    check_clock: raises ClockDisagrees while rules must not be applied, as the clock cannot be trusted.
    """

    consumer: MessageConsumer
    message_format: MessageFormat[E]
    sink: Sink[E]
    dead_letters: DeadLetterSink
    report_caught_up: ReportCaughtUp | None = None
    check_clock: Callable[[], None] = lambda: None
    marks: Marks = NoMarks()


class Policies(NamedTuple):
    """Limits and intervals of a loop. lag_interval in seconds."""

    batching: Batching
    dead_letter_limits: DeadLetterLimits
    backoff: Backoff = Backoff(longest=0.25)
    lag_interval: float = LAG_INTERVAL_SECONDS


class IngestLoop(Generic[E]):
    """Reads a topic with one member of the group. run() is for a thread of its own.

    caught_up, for any thread: after the last batch every partition of this member had caught up, or it had none.
    """

    def __init__(
        self,
        topic: str,
        adapters: Adapters[E],
        policies: Policies,
        write_limiter: WriteLimiter,
        metrics: IngestMetrics,
        clock: Clock,
        should_stop: Callable[[], bool],
    ) -> None:
        self._topic = topic
        self._adapters = adapters
        self._batching = policies.batching
        self._write_limiter = write_limiter
        self._metrics = metrics
        self._clock = clock
        self._should_stop = should_stop
        self.caught_up = False
        self._events_per_message = 1.0
        self._taken_at = -math.inf
        self._progress = CatchUpProgress()
        self._dead_letter_limits = DeadLetterLimitState(policies.dead_letter_limits)
        self._dead_letter_log = DeadLetterLog(topic)
        consumer = adapters.consumer
        self._monitor = LagMonitor(consumer, topic, policies.lag_interval, adapters.report_caught_up, metrics)
        self._back_pressure = BackPressure(
            consumer, policies.backoff, should_stop, self._changed_while_held, self._hold
        )

    def run(self) -> None:
        """Take batches until the stop is set, then leave the group; it is left before an error is raised, too.

        TooManyBadMessages, KafkaRefused, and errors of the sink that are no reason to wait.
        """
        try:
            while not self._should_stop():
                self.run_once()
        finally:
            self._adapters.consumer.close()

    def run_once(self) -> None:
        """Take one batch to its commit, or find that nothing arrived."""
        consumer = self._adapters.consumer
        messages = consumer.poll(
            self._batching.wanted(self._progress.catching_up, self._events_per_message), self._gather
        )
        if messages:
            self._taken_at = time.monotonic()
        changes = consumer.take_changes()
        self._partitions_changed(changes)
        applied = True
        if messages:
            sent_by = (message.traceparent for message in messages)
            with span(f"batch of {self._topic}", links=sent_by, messages=len(messages)):
                applied = self._ingest(messages)
        if applied:
            self._commit(self._progress.behind(consumer.passed()))
            self._keep_marks()
        self._monitor.show_lags(self._progress, self._clock())
        self._monitor.report(self._progress, consumer.lineage)
        self.caught_up = consumer.start_offsets_committed and not self._progress.catching_up

    def _gather(self, elapsed: float) -> float:
        return self._batching.gathering(
            elapsed,
            time.monotonic() - self._taken_at,
            catching_up=self._progress.catching_up,
            is_writing=self._write_limiter.is_writing,
        )

    def _partitions_changed(self, changes: AssignmentChanges) -> None:
        self._progress.lost(changes.lost)
        self._progress.gained(changes.gained)
        self._monitor.changed(changes)
        self._adapters.marks.lost(changes.lost)
        self._adapters.marks.gained(changes.gained)

    def _keep_marks(self) -> None:
        consumer = self._adapters.consumer
        if replays := self._adapters.marks.keep(self._progress.positions, consumer.lineage):
            consumer.replay(replays)

    def _changed_while_held(self, changes: AssignmentChanges) -> None:
        self._partitions_changed(changes)
        self._adapters.marks.observe()
        self._monitor.show_lags(self._progress, self._clock())

    def _hold(self, holding: bool) -> None:
        """Show the lag of partitions that came with the batch before it is said to be held, perhaps for long."""
        if holding:
            self._monitor.show_lags(self._progress, self._clock())
        self._metrics.holding(holding)

    def _commit(self, offsets: Mapping[int, int]) -> None:
        """Everything below these offsets is applied, or was never delivered."""
        if offsets:
            self._adapters.consumer.commit(offsets)
            self._progress.applied(offsets)

    def _ingest(self, messages: list[Message]) -> bool:
        """False when the stop was set first."""
        started = time.perf_counter()
        batch = self._decode(messages)
        if batch is None:
            return False
        self._events_per_message = max(1.0, len(batch.outcomes) / len(messages))
        self._dead_letter_log.note(batch.dead_letters, self._clock())
        self._check_dead_letter_limits(batch)
        delivered = self._deliver(batch)
        if delivered is None:
            return False
        self._commit(offsets_to_commit(delivered.messages))
        self._metrics.applied(delivered, time.perf_counter() - started)
        return True

    def _decode(self, messages: list[Message]) -> Batch[E] | None:
        """Decode once the clock can be trusted: rules drop by it. None when the stop was set first."""
        times: list[int] = []
        held = self._back_pressure.deliver(Undecoded(messages), lambda _: times.append(self._trusted_time()))
        return None if held is None else decode_batch(held.messages, self._adapters.message_format, times[-1])

    def _trusted_time(self) -> int:
        now = self._clock()
        self._adapters.check_clock()
        return now

    def _deliver(self, batch: Batch[E]) -> Batch[E] | None:
        """The part that may be committed; None when the stop was set first."""
        written = self._back_pressure.deliver(batch, self._write)
        return None if written is None else self._back_pressure.deliver(written, self._dead_letter)

    def _write(self, batch: Batch[E]) -> None:
        with self._write_limiter.slot(self._progress.catching_up):
            now = self._trusted_time()
            self._adapters.marks.examine(zip(batch.messages, batch.outcomes, strict=True), now)
            self._adapters.sink.write(batch.events, now)

    def _dead_letter(self, batch: Batch[E]) -> None:
        self._adapters.dead_letters.write(batch.dead_letters)

    def _check_dead_letter_limits(self, batch: Batch[E]) -> None:
        if not batch.dead_letters:
            self._dead_letter_limits.did_read(False, len(batch.outcomes))
        else:
            for malformed, run in groupby(isinstance(outcome, DeadLetter) for outcome in batch.outcomes):
                self._dead_letter_limits.did_read(malformed, sum(1 for _ in run))
        if (reason := self._dead_letter_limits.should_stop) is not None:
            raise TooManyBadMessages(f"{TooManyBadMessages.__doc__} Topic {self._topic}: {reason}")
