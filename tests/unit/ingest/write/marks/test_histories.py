"""Random histories of batches, rounds, crashes and lost writes: a bucket that is called whole lacks nothing.

One bucket and one partition on a server whose writes form a log. A fault leaves a prefix of it to a process of another
tenure, as files and replication of Redis do.
"""

from dataclasses import dataclass, field, replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.store.marks import Mark, Tenure
from ingest.write.marks import rules
from ingest.write.marks.memory import BucketMemory, NodeHistory, custody_of
from ingest.write.marks.rules import PartitionPlace, verify

LINEAGE = "1" * 16
PARTITION = 0
_ids = count(1)


def new_id() -> str:
    return f"{next(_ids):08d}" * 5


@dataclass(frozen=True)
class Server:
    """log: offsets of events, and marks, in the order of the writes."""

    tenure: Tenure
    log: tuple[int | Mark, ...] = ()

    @property
    def mark(self) -> Mark | None:
        return next((entry for entry in reversed(self.log) if isinstance(entry, Mark)), None)

    @property
    def events(self) -> set[int]:
        return {entry for entry in self.log if isinstance(entry, int)}

    def promoted_replica(self, lost: int) -> "Server":
        tenure = Tenure(new_id(), new_id(), self.tenure.replid, "", is_master=True)
        return Server(tenure, self.log[: len(self.log) - lost])

    def restarted(self, lost: int) -> "Server":
        tenure = Tenure(new_id(), new_id(), "0" * 40, "", is_master=True)
        return Server(tenure, self.log[: len(self.log) - lost])


@dataclass
class World:
    """now is the server that the address leads to; before: the one that it led to, which still answers."""

    now: Server = field(default_factory=lambda: Server(Tenure(new_id(), new_id(), "0" * 40, "", is_master=True)))
    before: Server | None = None
    applied: set[int] = field(default_factory=set[int])
    commit: int = 0
    is_registered: bool = False
    connected_to_old: bool = False
    wrote_to_old: bool = False

    def __post_init__(self) -> None:
        self.start_worker()

    def start_worker(self) -> None:
        end = max(self.applied, default=-1) + 1
        self.place = PartitionPlace(self.commit, self.commit, max(self.commit, end))
        self.memory, self.history = BucketMemory(), NodeHistory()
        self.connected_to_old = False

    @property
    def server(self) -> Server:
        return self.before if self.connected_to_old and self.before else self.now

    def write(self, *entries: int | Mark) -> None:
        server = replace(self.server, log=(*self.server.log, *entries))
        if self.connected_to_old and self.before:
            self.before = server
        else:
            self.now = server

    def apply(self, events: int) -> None:
        new = range(self.place.position, self.place.position + events)
        self.memory.used.add(self.server.tenure)
        self.wrote_to_old |= self.connected_to_old
        self.write(*new)
        self.applied |= {*new} if not self.connected_to_old else set()
        position = new.stop
        self.place = self.place._replace(position=position, reach=max(position, self.place.reach))
        self.commit = position

    def lose(self, lost: int, *, restart: bool) -> None:
        lost = min(lost, len(self.now.log))
        self.before = None if restart else self.now
        self.now = self.now.restarted(lost) if restart else self.now.promoted_replica(lost)
        self.connected_to_old = False

    def flap(self) -> None:
        self.connected_to_old = not self.connected_to_old and self.before is not None

    def round(self) -> None:
        tenure = self.server.tenure
        self.history.looked({tenure: 0}, 0.0)
        self.memory.looked_at(tenure, (), 0.0)
        if self.memory.needs_verifying(tenure, [PARTITION]):
            self.verify(tenure)
        if PARTITION in self.memory.raised:
            self.raise_mark(tenure)

    def verify(self, tenure: Tenure) -> None:
        report = custody_of(self.memory, tenure, self.history, ())
        assert report is not None
        raised, held = self.memory.raised.get(PARTITION), self.server.mark
        holding = report.holding(self.memory, tenure, LINEAGE, is_known=raised is not None)
        verdict = verify(held, self.place, holding, raised=raised, is_registered=self.is_registered)
        mark = verdict.mark or held
        assert mark is not None
        if verdict.mark:
            self.write(verdict.mark)
        self.memory.found_true(PARTITION, mark)
        self.memory.verified(tenure, 0.0)
        self.is_registered = True
        if (start := verdict.replay_from) is not None:
            self.memory.forget(PARTITION)
            end = max(self.applied, default=-1) + 1
            self.place = PartitionPlace(start, start, max(start, end), start)

    def raise_mark(self, tenure: Tenure) -> None:
        held, known = self.server.mark, self.memory.raised[PARTITION]
        if held is None or held.stamp != tenure.stamp(LINEAGE) or held.offset < known:
            self.memory.tenure = None
            return
        self.write(held._replace(offset=max(held.offset, self.place.position)))
        self.memory.reached(PARTITION, self.place.position)

    def check(self) -> None:
        mark = self.now.mark
        if mark is not None and mark.is_whole(self.now.tenure.stamp(LINEAGE)):
            assert {*range(mark.offset)} <= self.now.events, "an event below the mark is missing"
            assert self.applied <= self.now.events, "a post that was shown is missing"


STEPS = st.one_of(
    st.tuples(st.just("apply"), st.integers(1, 5)),
    st.tuples(st.just("round"), st.just(0)),
    st.tuples(st.just("promote"), st.integers(0, 6)),
    st.tuples(st.just("restart"), st.integers(0, 6)),
    st.tuples(st.just("crash"), st.just(0)),
    st.tuples(st.just("flap"), st.just(0)),
)


def run(steps: list[tuple[str, int]]) -> None:
    world = World()
    world.round()
    for step, number in steps:
        match step:
            case "apply":
                world.apply(number)
            case "promote" | "restart":
                world.lose(number, restart=step == "restart")
            case "crash":
                if not world.wrote_to_old:  # documented: that a worker was with a master cut off dies with it
                    world.start_worker()
            case "flap":
                world.flap()
            case _:
                world.round()
        world.check()
    world.connected_to_old = False
    for _ in range(3):
        world.round()
        world.check()
        world.apply(max(1, world.place.reach - world.place.position))
    world.round()
    world.check()
    assert world.applied <= world.now.events, "something that was lost was not read again"


@settings(max_examples=400)
@given(st.lists(STEPS, max_size=25))
def test_no_bucket_is_called_whole_that_lacks_an_event(steps: list[tuple[str, int]]) -> None:
    run(steps)


LOST = [("apply", 5), ("round", 0), ("apply", 3), ("promote", 6)]
OLD_MASTER = [("promote", 0), ("round", 0), ("apply", 3), ("round", 0), ("flap", 0), ("apply", 3), ("flap", 0)]


def _yes(*_: object) -> bool:
    return True


def _no(*_: object) -> bool:
    return False


def _the_lineage(_: Tenure, lineage: str) -> str:
    return lineage


@pytest.mark.parametrize(
    ("owner", "name", "broken", "steps"),
    [
        (rules.Holding, "is_trusted", True, [*OLD_MASTER, ("round", 0)]),
        (PartitionPlace, "covers", _yes, [*LOST, ("round", 0), ("crash", 0), ("round", 0)]),
        (Tenure, "stamp", _the_lineage, [*LOST, ("round", 0)]),
        (BucketMemory, "needs_verifying", _no, LOST),
    ],
)
def test_a_rule_that_is_broken_is_found_out(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str, broken: object, steps: list[tuple[str, int]]
) -> None:
    run(steps)
    monkeypatch.setattr(owner, name, broken)
    with pytest.raises(AssertionError):
        run(steps)
