"""Invariants I2 to I11, from what was recorded. Pure: a history in, violations out.

I1 and the exact order and cut of I4 are checked by `truth`, from the store at rest. I6 has a test of its own.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import inf
from typing import NamedTuple

from common.post import LightPost
from tests.chaos.checks.fates import Fates
from tests.chaos.checks.timeline import TimelineCheck
from tests.chaos.records.applied import unexplained
from tests.chaos.records.history import Answer, Commits, FaultRecord, History, Pause, Place, Produced

OVERRUN_SECONDS = 0.1

_LOSE_WRITES = ("F11 ", "F12 ", "F15 ", "F14 redis-loading")
"""Faults after which Redis has less than it acknowledged."""


class Violation(NamedTuple):
    """An invariant that did not hold. at: the moment. text: the post, the answer and the moments that show it."""

    invariant: str
    at: float
    text: str


def violations(history: History, factor: float) -> list[Violation]:
    """All that the history shows, oldest first. factor multiplies the limits of what is about time."""
    fates = Fates(history.produced)
    found = [
        *repeated_ids(history.answers),
        *disorder(history.answers, fates.posts),
        *timeline_violations(history, fates),
        *commits_past_the_end(history.commits, history.produced, history.poison),
        *unapplied_commits(history),
        *late_answers(history.answers, history.pauses, factor),
        *slow_recoveries(history.faults, factor),
        *unproven_faults(history.faults),
        *missing_dead_letters(history.poison, history.dead_letters),
        *wrong_dead_letters(history.produced, history.dead_letters),
    ]
    return sorted(found, key=lambda violation: violation.at)


def repeated_ids(answers: Iterable[Answer]) -> Iterator[Violation]:
    """I2: no answer holds an id twice."""
    for answer in answers:
        if len(set(answer.ids)) < len(answer.ids):
            twice = sorted({post for post in answer.ids if list(answer.ids).count(post) > 1})
            yield Violation("I2", answer.ended, f"{_named(answer)} holds twice: {twice[:5]}")


def disorder(answers: Iterable[Answer], posts: dict[int, LightPost]) -> Iterator[Violation]:
    """I4: newest first, and nothing that was never written or is by an author who was not asked for."""
    for answer in answers:
        if unknown := [post for post in answer.ids if post not in posts]:
            yield Violation("I4", answer.ended, f"{_named(answer)} holds posts that were never written: {unknown[:5]}")
            continue
        places = [(posts[post].created_at, post) for post in answer.ids]
        for (earlier, later), first in zip(pairwise(places), answer.ids, strict=False):
            if earlier < later:
                yield Violation("I4", answer.ended, f"{_named(answer)}: {first} stands before a newer post")
                break
        asked = frozenset(answer.authors)
        if strangers := [post for post in answer.ids if posts[post].author_id not in asked]:
            yield Violation("I4", answer.ended, f"{_named(answer)} holds posts of other authors: {strangers[:5]}")


def timeline_violations(history: History, fates: Fates) -> Iterator[Violation]:
    """I3, I5 and I9: in the order of time, what each answer must and must not hold."""
    check = TimelineCheck(fates, history.answers, history.commits)
    for finding in check.findings():
        yield Violation(finding.invariant, finding.answer.ended, f"{_named(finding.answer)} {finding.text}")


def commits_past_the_end(
    commits: Sequence[Commits], produced: Iterable[Produced], poison: Iterable[Place]
) -> Iterator[Violation]:
    """I5: no commit is past the last message, of which there may be some that were never acknowledged."""
    ends: dict[int, int] = {}
    for event in (*produced, *poison):
        ends[event.partition] = max(ends.get(event.partition, 0), event.offset + 1)
    if not commits:
        return
    for partition, offset in commits[-1].offsets.items():
        if offset > ends.get(partition, 0):
            text = f"partition {partition}: {offset} is committed, its last message is at {ends.get(partition, 0) - 1}"
            yield Violation("I5", commits[-1].at, text)


def unapplied_commits(history: History) -> Iterator[Violation]:
    """I5: what is committed is in the store, until Redis loses it; then until that is repaired."""
    losses = [(fault.began, fault.recovered or inf) for fault in history.faults if fault.name.startswith(_LOSE_WRITES)]
    for each in unexplained(history.unapplied, losses):
        yield Violation("I5", each.looked_at, f"committed at {each.committed_at:.3f}: {each.text}")


def late_answers(answers: Iterable[Answer], pauses: Sequence[Pause], factor: float) -> Iterator[Violation]:
    """I7: no rpc outlives its time limit by more than 100 ms, in which the process that measures it could run."""
    for answer in answers:
        over = answer.ended - answer.started - answer.limit
        if over > OVERRUN_SECONDS * factor + _paused(pauses, answer):
            text = f"{_named(answer)} ({answer.code}) came {over * 1000:.0f} ms after its limit of {answer.limit:g} s"
            yield Violation("I7", answer.ended, text)


def slow_recoveries(faults: Iterable[FaultRecord], factor: float) -> Iterator[Violation]:
    """I8: when a fault ends, lag drains and answers are whole again, without a restart."""
    for fault in faults:
        if fault.recovered is None:
            yield Violation("I8", fault.healed, f"{fault.name}: no recovery")
        elif fault.recovered - fault.healed > fault.limit * factor:
            took = fault.recovered - fault.healed
            yield Violation("I8", fault.recovered, f"{fault.name}: recovered after {took:.1f} s ({fault.limit:g} s)")


def unproven_faults(faults: Iterable[FaultRecord]) -> Iterator[Violation]:
    """A fault that did not happen tests nothing."""
    for fault in faults:
        if not fault.proof:
            yield Violation("proof", fault.began, f"{fault.name}: nothing shows that it happened")


def missing_dead_letters(poison: Iterable[Place], dead_letters: set[Place]) -> Iterator[Violation]:
    """I10: each bad message is in the dead-letter topic, with its coordinates."""
    if missing := sorted(set(poison) - dead_letters):
        yield Violation("I10", 0.0, f"{len(missing)} bad messages are in no dead letter: {_places(missing)}")


def wrong_dead_letters(produced: Iterable[Produced], dead_letters: set[Place]) -> Iterator[Violation]:
    """I10: no good message is a dead letter."""
    if wrong := sorted(dead_letters.intersection(Place(event.partition, event.offset) for event in produced)):
        yield Violation("I10", 0.0, f"{len(wrong)} good messages are dead letters: {_places(wrong)}")


def _paused(pauses: Sequence[Pause], answer: Answer) -> float:
    """Seconds of the pauses that ended during an answer, or just after it."""
    first = bisect_left(pauses, answer.started, key=lambda pause: pause.at)
    last = bisect_right(pauses, answer.ended + OVERRUN_SECONDS, key=lambda pause: pause.at)
    return sum(pause.seconds for pause in pauses[first:last])


def _places(places: Sequence[Place]) -> str:
    return ", ".join(f"partition {place.partition} offset {place.offset}" for place in places[:5])


def _named(answer: Answer) -> str:
    kind = "whole" if answer.is_whole else "partial" if answer.code == "OK" else answer.code
    return f"{kind} answer of {answer.server} from {answer.started:.3f} to {answer.ended:.3f}"
