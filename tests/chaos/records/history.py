"""What a run writes down: everything that is checked afterwards. Moments are those of time.monotonic()."""

from array import array
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ingest.events import Event


class Produced(NamedTuple):
    """An event that Kafka acknowledged, and where it lies."""

    event: Event
    partition: int
    offset: int
    sent: float
    acked: float


class Place(NamedTuple):
    """A message of the topic."""

    partition: int
    offset: int


class Answer(NamedTuple):
    """What a server answered to a reader: the posts of these authors.

    code: of gRPC. limit: seconds it may take. cut: the authors have more posts than an answer may hold of them.
    """

    server: str
    authors: tuple[int, ...]
    ids: Sequence[int]
    started: float
    ended: float
    code: str = "OK"
    partial: bool = False
    limit: float = 60.0
    cut: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether it says that it lacks nothing."""
        return self.code == "OK" and not self.partial

    @property
    def is_evidence(self) -> bool:
        """Whether what it does not hold is not there."""
        return self.is_whole and not self.cut


class Commits(NamedTuple):
    """Committed offset of each partition, known at that moment."""

    at: float
    offsets: Mapping[int, int]


class Unapplied(NamedTuple):
    """An event that was committed at one moment, and that the store knew nothing of at a later one."""

    committed_at: float
    looked_at: float
    text: str


class Pause(NamedTuple):
    """Until that moment this process did not run for some seconds: the machine had other things to do."""

    at: float
    seconds: float


class FaultRecord(NamedTuple):
    """A fault that happened. recovered: lag 0 and whole answers of every server; None when that did not come.

    proof: what shows that it happened; empty when nothing does. limit: seconds that the recovery may take.
    """

    name: str
    began: float
    healed: float
    recovered: float | None
    proof: str
    limit: float


class History:
    """Filled by the threads of a run, each of which only appends. unsure: sent, but never acknowledged.

    applied: number of committed events that were looked for in the store; unapplied: those that it lacked.
    """

    def __init__(self) -> None:
        self.produced: list[Produced] = []
        self.unsure: list[Event] = []
        self.poison: list[Place] = []
        self.answers: list[Answer] = []
        self.commits: list[Commits] = []
        self.dead_letters: set[Place] = set()
        self.faults: list[FaultRecord] = []
        self.pauses: list[Pause] = []
        self.applied = 0
        self.unapplied: list[Unapplied] = []


def packed(ids: Sequence[int]) -> Sequence[int]:
    """The ids in eight bytes each: a run records millions."""
    return array("q", ids)
