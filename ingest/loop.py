"""The loop of one consumer thread: poll, decode, write, give up bad messages, commit. In this order."""

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Generic, NamedTuple, Protocol

from common.backoff import Backoff
from common.clock import Clock
from common.errors import TooMuchPoison
from common.tracing import span
from ingest.assignment import Changes
from ingest.back_pressure import BackPressure, Pausable
from ingest.batch import Batch, E, E_contra, Format, Reject, decode_batch
from ingest.batching import Batching
from ingest.catch_up_policy import CatchUpPolicy, Progress
from ingest.commit_policy import offsets_to_commit
from ingest.lag_monitor import Ends, LagMonitor, ReportCaughtUp
from ingest.message import Message
from ingest.metrics import IngestMetrics
from ingest.poison import PoisonCount, PoisonLimits
from ingest.reject_log import RejectLog
from ingest.write_gate import WriteGate


class Source(Pausable, Ends, Protocol):
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


class Ports(NamedTuple, Generic[E]):
    """What a loop is connected to."""

    source: Source
    form: Format[E]
    sink: Sink[E]
    dead_letters: DeadLetters
    report: ReportCaughtUp


class Policies(NamedTuple):
    """What a loop decides by. lag_interval in seconds."""

    batching: Batching = Batching()
    poison: PoisonLimits = PoisonLimits()
    catch_up: CatchUpPolicy = CatchUpPolicy()
    backoff: Backoff = Backoff()
    lag_interval: float = 30.0


class IngestLoop(Generic[E]):
    """Reads a topic with one member of the group. run() is for a thread of its own.

    caught_up, for any thread: after the last turn every partition of this member had caught up, or it was given none.
    """

    def __init__(
        self,
        topic: str,
        ports: Ports[E],
        policies: Policies,
        gate: WriteGate,
        metrics: IngestMetrics,
        clock: Clock,
        told_to_stop: Callable[[], bool],
    ) -> None:
        self._topic = topic
        self._ports = ports
        self._batching = policies.batching
        self._gate = gate
        self._metrics = metrics
        self._clock = clock
        self._told_to_stop = told_to_stop
        self.caught_up = False
        self._events_per_message = 1.0
        self._progress = Progress(policies.catch_up)
        self._poison = PoisonCount(policies.poison)
        self._reject_log = RejectLog(topic)
        self._monitor = LagMonitor(ports.source, topic, policies.lag_interval, ports.report, metrics)
        self._pressure = BackPressure(
            ports.source, policies.backoff, told_to_stop, self._changed_while_held, metrics.holding
        )

    def run(self) -> None:
        """Turn until told to stop, then leave the group; it is left before an error is raised, too.

        TooMuchPoison, KafkaRefused, whatever the sink raises that is not a reason to wait.
        """
        try:
            while not self._told_to_stop():
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
            raise TooMuchPoison(f"{TooMuchPoison.__doc__} Topic {self._topic}: {reason}")
