"""A run: the stage under load and readers, what is recorded of it, and what a scenario or a fault does with it."""

import random
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import NamedTuple

import grpc
from confluent_kafka import Producer

from tests.chaos.records.applied import AppliedCheck
from tests.chaos.records.history import FaultRecord, History
from tests.chaos.records.load import Load
from tests.chaos.records.readers import Asking, Reader
from tests.chaos.records.soak import Soak
from tests.chaos.records.watch import DeadLetterReader, GroupCommits, Watch, commit_watch, pause_watch
from tests.chaos.stage import DEAD_LETTERS, GROUP, PARTITIONS, TOPIC, Stage
from tests.support.wait import eventually

Log = Callable[[str], None]

LONG_MINUTES = 15
_SOAK_SECONDS = 5
_CANARY_SECONDS = 5
_PATIENCE = 3
"""A recovery is waited for this many times as long as it may take."""


class Plan(NamedTuple):
    """What the command line asks for. factor: how much slower than usual this machine may be."""

    seed: int
    minutes: float
    factor: float = 1.0
    events_per_second: float = 120.0
    answers_per_second: float = 12.0


class Run:
    """Handed to scenarios and faults. stage: the processes. say: shows a line. random: draws, by the seed."""

    def __init__(self, stage: Stage, plan: Plan, say: Log) -> None:
        self.stage = stage
        self.plan = plan
        self.say = say
        self.random = random.Random(plan.seed)
        self.history = History()
        self.soak = Soak()
        brokers = stage.kafka.direct
        drawn = random.Random(plan.seed + 1)
        self.load = Load(brokers, TOPIC, self.history, drawn, plan.events_per_second)
        self.readers = [
            Reader(
                address, self.load.world, self.history, random.Random(plan.seed + 2 + number), plan.answers_per_second
            )
            for number, address in enumerate(stage.addresses)
        ]
        self._applied = AppliedCheck(stage.store.url, self.history, random.Random(plan.seed + 9))
        self.dead_letters = DeadLetterReader(brokers, DEAD_LETTERS, TOPIC, self.history)
        self._watches = [
            commit_watch(GroupCommits(brokers, GROUP, TOPIC, PARTITIONS), self.history, self._applied.look),
            pause_watch(self.history),
            Watch("dead letters", self.dead_letters.look, 0.5),
            Watch("soak", lambda: self.soak.look(self._processes()), _SOAK_SECONDS),
        ]
        self._commits: dict[str, GroupCommits] = {}
        self._producer = Producer({"bootstrap.servers": brokers, "message.max.bytes": 11 * 2**20, "log_level": 0})

    @property
    def factor(self) -> float:
        return self.plan.factor

    @property
    def is_long(self) -> bool:
        return self.plan.minutes >= LONG_MINUTES

    @contextmanager
    def under_load(self) -> Generator[None]:
        """Load, readers and watches work meanwhile; at its end all is applied, or the run has failed."""
        for each in (self.load, *self.readers, *self._watches):
            each.start()
        try:
            yield
            self.load.stop()
            self._wait_until_applied()
        finally:
            self.load.end()
            for each in (*self.readers, *self._watches):
                each.stop()
            self.dead_letters.close()
            self._applied.close()
            for commits in self._commits.values():
                commits.close()

    def hold(self, seconds: float) -> None:
        """Let load and readers work for that long; fails when a role ends meanwhile that nothing ended."""
        until = time.monotonic() + seconds
        eventually(lambda: time.monotonic() >= until, "the time to pass", seconds + 60, interval=0.05)
        self.check_roles()

    def check_roles(self) -> None:
        """Fail when a role has ended that is in its place."""
        for role in (*self.stage.workers, *self.stage.servers):
            assert role.exit_code is None, f"{role} ended:\n{role.last_lines()}"

    def wait_for_recovery(self, name: str, began: float, proof: str, limit: float) -> None:
        """Record a fault that is healed now, once the run has recovered from it or did not in time."""
        healed, ends = time.monotonic(), self.ends()
        recovered: float | None = None
        try:
            patience = _PATIENCE * limit * self.factor
            eventually(lambda: self._has_recovered(ends), f"recovery from {name}", patience, interval=0.2)
            recovered = time.monotonic()
        finally:
            self.history.faults.append(FaultRecord(name, began, healed, recovered, proof, limit))

    def ends(self) -> dict[int, int]:
        """Offset after the last message of each partition."""
        return self.stage.kafka.ends(TOPIC)

    def commits(self, group: str = GROUP) -> dict[int, int]:
        """Committed offset of each partition that has one; none while Kafka does not answer. For the main thread."""
        if group not in self._commits:
            self._commits[group] = GroupCommits(self.stage.kafka.direct, group, TOPIC, PARTITIONS)
        return self._commits[group].offsets()

    def produce(self, topic: str, *payloads: bytes) -> None:
        """Write messages to a topic of a fault's own; return when all are acknowledged."""
        for payload in payloads:
            self._producer.produce(topic, payload)
        assert self._producer.flush(60) == 0

    def _has_recovered(self, ends: dict[int, int]) -> bool:
        """What was written before is applied, every server is ready and answers in full."""
        self.check_roles()
        commits = self.commits()
        drained = all(commits.get(partition, 0) >= end for partition, end in ends.items())
        return drained and all(self._answers(number) for number in range(len(self.stage.servers)))

    def _answers(self, number: int) -> bool:
        if self.stage.servers[number].status("/readyz") != 200:
            return False
        address = self.stage.addresses[number]
        with grpc.insecure_channel(address) as channel:
            authors = self.load.world.authors_to_ask(self.random)
            answer = Asking(channel, address).ask(authors, _CANARY_SECONDS)
        self.history.answers.append(answer)
        return answer.is_whole

    def _wait_until_applied(self) -> None:
        ends = self.ends()
        eventually(lambda: self._has_recovered(ends), "everything to be applied", 120 * self.factor, interval=0.5)
        bad = set(self.history.poison)
        eventually(lambda: bad <= self.history.dead_letters, "all dead letters", 30 * self.factor, interval=0.5)

    def _processes(self) -> list[tuple[str, int]]:
        roles = [("worker", role.pid) for role in self.stage.workers]
        return [*roles, *(("server", role.pid) for role in self.stage.servers)]
