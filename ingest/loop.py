"""The loop of one consumer thread: poll, decode, write, give up bad messages, commit. In this order."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import groupby
from threading import BoundedSemaphore
from typing import Generic, NamedTuple, Protocol

from common.errors import TooManyBadMessages
from common.settings.kafka import BATCH_MESSAGES, CATCH_UP_BATCH_MESSAGES, LAG_INTERVAL_SECONDS, KafkaSettings
from common.telemetry.tracing import span
from common.timing import Backoff, Clock
from ingest.batch import Batch, E, E_contra, Format, Message, Reject, decode_batch
from ingest.dead_letters.limits import DeadLetterLimits, DeadLetterLimitState
from ingest.dead_letters.writer import RejectLog
from ingest.kafka.assignment import Changes
from ingest.kafka.back_pressure import BackPressure, Pausable
from ingest.kafka.catch_up import CatchUpPolicy, CatchUpProgress
from ingest.kafka.commits import offsets_to_commit
from ingest.kafka.lag_monitor import Ends, LagMonitor, ReportCaughtUp
from ingest.metrics import IngestMetrics


class Batching(NamedTuple):
    """fetch_timeout: longest wait for a first message; linger: longest wait for others after it. Both in seconds."""

    size: int = BATCH_MESSAGES
    catch_up_size: int = CATCH_UP_BATCH_MESSAGES
    fetch_timeout: float = 1.0
    linger: float = 0.02

    def wanted(self, catching_up: bool, events_per_message: float = 1.0) -> int:
        """How many messages to ask for, so that they hold a batch of events."""
        events = max(self.size, self.catch_up_size) if catching_up else self.size
        return max(1, round(events / events_per_message))


def batching_of(settings: KafkaSettings) -> Batching:
    """What the settings say."""
    return Batching(
        settings.kafka_batch_size,
        settings.catch_up_batch_size,
        settings.fetch_timeout_ms / 1000,
        settings.batch_linger_ms / 1000,
    )


class WriteLimiter:
    """Shared by the threads of a process. Catching up is not held back: nobody is served yet."""

    def __init__(self, at_once: int) -> None:
        self._slots = BoundedSemaphore(at_once)

    def slot(self, catching_up: bool) -> AbstractContextManager[object]:
        """To be held while one batch is written; entering blocks until there is room."""
        return nullcontext() if catching_up else self._slots


class MessageSource(Pausable, Ends, Protocol):
    """Where messages come from. For one thread."""

    def poll(self, wanted: int) -> list[Message]:
        """Up to `wanted` messages of this member's partitions, in order per partition; none when none arrive in time.

        After each poll take_changes() must be called. KafkaRefused. Blocks.
        """
        ...

    def commit(self, offsets: Mapping[int, int]) -> None:
        """Begin to commit the next offset to read of each partition. Does not block."""
        ...

    @property
    def lineage(self) -> str:
        """For which data of the store the partitions are read, empty for none. Changes during a poll only."""
        ...

    @property
    def settled(self) -> bool:
        """The group has assigned partitions, be it none, and each that is read has a commit."""
        ...

    def close(self) -> None:
        """Finish what commits were begun, leave the group. Blocks, bounded."""
        ...


class Sink(Protocol[E_contra]):
    """Where events go."""

    def write(self, events: Sequence[E_contra], now: int) -> None:
        """Return when all are durable; writing them again changes nothing. now in Unix seconds. Blocks.

        StoreUnavailable or KafkaUnavailable when the same call may succeed later.
        """
        ...


class DeadLetters(Protocol):
    """Where malformed messages go."""

    def write(self, rejects: Sequence[Reject]) -> None:
        """Return when all are acknowledged. KafkaUnavailable when the same call may succeed later. Blocks."""
        ...


class Adapters(NamedTuple, Generic[E]):
    """What a loop is connected to."""

    source: MessageSource
    form: Format[E]
    sink: Sink[E]
    dead_letters: DeadLetters
    report: ReportCaughtUp


class Policies(NamedTuple):
    """What a loop decides by. lag_interval in seconds."""

    batching: Batching = Batching()
    poison: DeadLetterLimits = DeadLetterLimits()
    catch_up: CatchUpPolicy = CatchUpPolicy()
    backoff: Backoff = Backoff()
    lag_interval: float = LAG_INTERVAL_SECONDS


class IngestLoop(Generic[E]):
    """Reads a topic with one member of the group. run() is for a thread of its own.

    caught_up, for any thread: after the last turn every partition of this member had caught up, or it was given none.
    """

    def __init__(
        self,
        topic: str,
        ports: Adapters[E],
        policies: Policies,
        gate: WriteLimiter,
        metrics: IngestMetrics,
        clock: Clock,
        should_stop: Callable[[], bool],
    ) -> None:
        self._topic = topic
        self._ports = ports
        self._batching = policies.batching
        self._gate = gate
        self._metrics = metrics
        self._clock = clock
        self._should_stop = should_stop
        self.caught_up = False
        self._events_per_message = 1.0
        self._progress = CatchUpProgress(policies.catch_up)
        self._poison = DeadLetterLimitState(policies.poison)
        self._reject_log = RejectLog(topic)
        self._monitor = LagMonitor(ports.source, topic, policies.lag_interval, ports.report, metrics)
        self._pressure = BackPressure(
            ports.source, policies.backoff, should_stop, self._changed_while_held, metrics.holding
        )

    def run(self) -> None:
        """Turn until told to stop, then leave the group; it is left before an error is raised, too.

        TooManyBadMessages, KafkaRefused, whatever the sink raises that is not a reason to wait.
        """
        try:
            while not self._should_stop():
                self.turn()
        finally:
            self._ports.source.close()

    def turn(self) -> None:
        """Take one batch to its commit, or find that nothing arrived."""
        source = self._ports.source
        messages = source.poll(self._batching.wanted(self._progress.catching_up, self._events_per_message))
        changes = source.take_changes()
        self._partitions_changed(changes)
        if messages:
            sent_by = (message.traceparent for message in messages)
            with span(f"batch of {self._topic}", links=sent_by, messages=len(messages)):
                self._take(messages)
        elif self._progress.catching_up and not changes.gained:
            self._progress.nothing_arrived(source.ends(self._progress.partitions))
        self._monitor.show_lags(self._progress, self._clock())
        self._monitor.report(self._progress, source.lineage)
        self.caught_up = source.settled and not self._progress.catching_up

    def _partitions_changed(self, changes: Changes) -> None:
        self._progress.lost(changes.lost)
        self._progress.gained(changes.gained)
        self._monitor.changed(changes)

    def _changed_while_held(self, changes: Changes) -> None:
        self._partitions_changed(changes)
        self._monitor.show_lags(self._progress, self._clock())

    def _take(self, messages: list[Message]) -> None:
        started = time.perf_counter()
        now = self._clock()
        batch = decode_batch(messages, self._ports.form, now)
        self._events_per_message = max(1.0, len(batch.entries) / len(messages))
        self._reject_log.rejected(batch.rejects, now)
        self._check_poison(batch)
        delivered = self._deliver(batch)
        if delivered is None:
            return
        offsets = offsets_to_commit(delivered.messages)
        self._ports.source.commit(offsets)
        self._progress.applied(offsets)
        self._metrics.applied(delivered, time.perf_counter() - started)

    def _deliver(self, batch: Batch[E]) -> Batch[E] | None:
        """What may be committed; None when the worker was told to stop first."""
        written = self._pressure.deliver(batch, self._write)
        return None if written is None else self._pressure.deliver(written, self._bury)

    def _write(self, batch: Batch[E]) -> None:
        with self._gate.slot(self._progress.catching_up):
            self._ports.sink.write(batch.events, self._clock())

    def _bury(self, batch: Batch[E]) -> None:
        self._ports.dead_letters.write(batch.rejects)

    def _check_poison(self, batch: Batch[E]) -> None:
        for malformed, run in groupby(isinstance(outcome, Reject) for outcome in batch.outcomes):
            self._poison.did_read(malformed, sum(1 for _ in run))
        if (reason := self._poison.should_stop) is not None:
            raise TooManyBadMessages(f"{TooManyBadMessages.__doc__} Topic {self._topic}: {reason}")
