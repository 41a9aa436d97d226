"""The course of a scenario: fill, load and readers, the fault, the repair, and what is said of it."""

import math
import re
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from tests.chaos.losses.judge import Verdict, differences, judge
from tests.chaos.losses.rig import LossyStore, MakeLossyStore, Plan, Rig
from tests.support.kafka.broker import KafkaBroker
from tests.support.network.proxy import Network
from tests.support.wait import eventually

_SECONDS_TO_NOTICE = 5.0

LOSS_LOGGED = re.compile("Store lost writes")


class Moments(NamedTuple):
    """When a fault began, and when Redis answered everywhere again. proof: a line that shows that it happened."""

    began: float
    restored: float
    proof: str


Fault = Callable[[Rig], Moments]


class Limits(NamedTuple):
    """What a scenario allows. noticed: whether a loss must be logged (None: it may be). reduced_seconds: how long after
    Redis answers again an answer may be partial or refused; None: as long as the repair takes; below 0: never, not even
    during the fault.
    """

    noticed: bool | None = True
    reduced_seconds: float | None = None


class Scene(NamedTuple):
    """A scenario. make_store is called with a folder of its own."""

    name: str
    summary: str
    make_store: MakeLossyStore
    fault: Fault
    limits: Limits = Limits()
    plan: Plan = Plan()


class Lengths(NamedTuple):
    """Seconds of load before and after the fault, and the longest time for the store to become as it must be.

    factor: how much slower than usual the machine may be: it multiplies the limits of time.
    """

    before: float = 6.0
    after: float = 15.0
    repair: float = 90.0
    factor: float = 1.0


class LossReport(NamedTuple):
    """Figures of a scenario; noticed, repaired in seconds since Redis answered again (nan: not)."""

    name: str
    proof: str
    events: int
    missing: int
    extra: int
    verdict: Verdict
    noticed: float
    reduced_after: float
    fault_seconds: float
    loss_lines: tuple[str, ...]
    violations: tuple[str, ...]

    def row(self) -> dict[str, object]:
        """For a table."""
        verdict = self.verdict
        return {
            "scenario": self.name,
            "events": self.events,
            "missing": self.missing,
            "resurrected": max(verdict.resurrected, self.extra),
            "unmarked": f"{verdict.unmarked} of {verdict.answers} (up to {verdict.most_lacking} posts)",
            "fault s": round(self.fault_seconds, 1),
            "noticed s": round(self.noticed, 1),
            "reduced until s": round(self.reduced_after, 1),
            "reduced": verdict.reduced,
            "proof": self.proof,
            "violations": self.violations,
        }


class LogWatch:
    """Notes when lines of the logs of a folder match a pattern; used with `with`."""

    def __init__(self, folder: Path, pattern: re.Pattern[str]) -> None:
        self.found: list[tuple[float, str]] = []
        self._folder = folder
        self._pattern = pattern
        self._read: dict[Path, int] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "LogWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(10)

    def _watch(self) -> None:
        while not self._ended.wait(0.05):
            for file in self._folder.glob("ingest-*.log"):
                self._read_on(file)

    def _read_on(self, file: Path) -> None:
        with file.open("rb") as opened:
            opened.seek(self._read.get(file, 0))
            text = opened.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._read[file] = self._read.get(file, 0) + len(whole)
        now = time.monotonic()
        lines = whole.decode(errors="replace").splitlines()
        self.found += [(now, f"{file.stem}: {line}") for line in lines if self._pattern.search(line)]


def play(scene: Scene, kafka: KafkaBroker, directory: Path, lengths: Lengths, say: Callable[[str], None]) -> LossReport:
    """Run a scenario on a Kafka that is there."""
    with ExitStack() as ends:
        network = ends.enter_context(Network())
        folder = directory / "redis"
        folder.mkdir()
        store: LossyStore = scene.make_store(folder, network)
        ends.callback(store.close)
        rig = Rig(directory, kafka, network, store, scene.plan)
        ends.callback(rig.close)
        say(f"{scene.name}: {scene.summary}")
        with LogWatch(rig.logs, LOSS_LOGGED) as watch:
            return _played(scene, rig, lengths, watch, say)


def _played(scene: Scene, rig: Rig, lengths: Lengths, watch: LogWatch, say: Callable[[str], None]) -> LossReport:
    rig.start()
    rig.load.send(scene.plan.preload)
    at, *_ = settle(rig, 60, 60)
    rig.ledger.settled = at
    say(f"filled with {rig.load.sent} events")
    rig.load.start()
    for reader in rig.readers:
        reader.start()
    hold(rig, lengths.before)
    moments = scene.fault(rig)
    say(f"fault: {moments.proof}")
    hold(rig, lengths.after)
    rig.load.stop()
    for reader in rig.readers:
        reader.stop()
    _, missing, extra = settle(rig, lengths.repair, 10)
    answers = [answer for reader in rig.readers for answer in reader.answers]
    verdict = judge(rig.ledger, answers, rig.ledger.settled)
    noticed = min((at for at, _ in watch.found if at >= moments.began), default=math.nan)
    report = LossReport(
        *(scene.name, moments.proof, rig.load.sent, missing, extra, verdict),
        *(noticed - moments.restored, verdict.reduced_last - moments.restored, moments.restored - moments.began),
        tuple(line for _, line in watch.found),
        (),
    )
    return report._replace(violations=tuple(_violations(scene.limits, report, lengths.factor)))


def settle(rig: Rig, timeout: float, patience: float) -> tuple[float, int, int]:
    """Ask until every answer is as it must be, for so long, or until nothing changed in `patience` seconds.

    Returns when the last round began, and how many things were missing and how many too many in it.
    """
    deadline = time.monotonic() + timeout
    before: tuple[int, int, int] | None = None
    changed = time.monotonic()
    while True:
        began = time.monotonic()
        answers = [answer for reader in rig.readers for answer in reader.ask_all()]
        missing, extra = differences(rig.ledger, answers)
        reduced = sum(not answer.is_whole for answer in answers)
        now = len(missing), len(extra), reduced
        if now != before:
            before, changed = now, began
        if now == (0, 0, 0) or began > deadline or began > changed + patience:
            return began, len(missing), len(extra)
        time.sleep(0.2)


def hold(rig: Rig, seconds: float) -> None:
    """Let load and readers work for that long; fails when a role ends meanwhile."""
    until = time.monotonic() + seconds
    eventually(lambda: time.monotonic() >= until, "the time to pass", seconds + 60, interval=0.1)
    for role in rig.roles:
        assert role.exit_code is None, f"{role} ended:\n{role.last_lines()}"


def _violations(limits: Limits, report: LossReport, factor: float) -> list[str]:
    verdict = report.verdict
    found = [
        f"{count} {what}"
        for count, what in (
            (report.missing, "posts missing in the end"),
            (report.extra, "deleted posts shown in the end"),
            (verdict.resurrected, f"deleted posts shown again, in {verdict.resurrecting_answers} answers"),
            (verdict.unmarked, "answers short without saying so"),
        )
        if count
    ]
    if limits.noticed and not report.noticed <= _SECONDS_TO_NOTICE * factor:
        found.append(f"loss noticed after {report.noticed:.1f} s")
    if limits.noticed is False and report.loss_lines:
        found.append(f"a loss was logged though there was none: {report.loss_lines[0]}")
    allowed = limits.reduced_seconds
    if allowed is not None and verdict.reduced and (allowed < 0 or report.reduced_after > allowed * factor):
        found.append(
            f"{verdict.reduced} partial or refused answers, until {report.reduced_after:.1f} s after the fault"
        )
    return found + [f"example: {line}" for line in verdict.examples]
