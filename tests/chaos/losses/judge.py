"""Compares what Kafka acknowledged with what was answered. Pure."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tests.chaos.losses.ledger import NEVER, Ledger, Thing
from tests.chaos.losses.readers import Answer


class Verdict(NamedTuple):
    """Of the answers of a scenario.

    resurrected: things that were shown after their removal had been seen, and the answers that showed them.
    unmarked: whole answers that lacked what had been shown before, and the most that one of them lacked.
    reduced: first and last time at which an answer that was partial or refused ended; count: of these answers.
    """

    resurrected: int
    resurrecting_answers: int
    unmarked: int
    most_lacking: int
    reduced_first: float
    reduced_last: float
    reduced: int
    answers: int
    examples: tuple[str, ...]


def judge(ledger: Ledger, answers: Sequence[Answer], since: float = -math.inf) -> Verdict:
    """Judge the answers that began after `since`; what was shown before counts as known."""
    by_panel: defaultdict[int, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_panel[answer.panel].append(answer)
    resurrected: set[int] = set()
    resurrecting = unmarked = most = 0
    examples: list[str] = []
    for panel, things in ledger.by_panel().items():
        history = _History(things, by_panel[panel], ledger.settled)
        for answer in by_panel[panel]:
            if answer.began < since:
                continue
            shown = set(answer.ids)
            back, lacking = history.resurrected(answer, shown), history.lacking(answer, shown)
            resurrected.update(back)
            resurrecting += bool(back)
            unmarked += bool(lacking)
            most = max(most, len(lacking))
            if (back or lacking) and len(examples) < 8:
                examples.append(_example(answer, back, lacking))
    reduced = [answer.ended for answer in answers if answer.began >= since and not answer.is_whole]
    first, last = (min(reduced), max(reduced)) if reduced else (math.nan, math.nan)
    judged = sum(answer.began >= since for answer in answers)
    return Verdict(
        *(len(resurrected), resurrecting, unmarked, most),
        *(first, last, len(reduced), judged, tuple(examples)),
    )


def differences(ledger: Ledger, answers: Iterable[Answer]) -> tuple[set[int], set[int]]:
    """Things that are missing in answers for every panel, and things that are in them and must not be."""
    expected = ledger.expected()
    missing: set[int] = set()
    extra: set[int] = set()
    for answer in answers:
        shown, wanted = set(answer.ids), expected.get(answer.panel, set[int]())
        missing |= wanted - shown
        extra |= shown - wanted
    return missing, extra


class _History:
    """When each thing of a panel was first shown, and when its removal was first seen."""

    def __init__(self, things: Iterable[Thing], answers: Sequence[Answer], settled: float) -> None:
        self._things = {thing.thing_id: thing for thing in things}
        self._shown: dict[int, float] = {}
        in_order = sorted(answers, key=lambda answer: answer.ended)
        for answer in in_order:
            for thing_id in answer.ids:
                self._shown.setdefault(thing_id, answer.ended)
        removed = [thing for thing in self._things.values() if thing.removed < NEVER]
        self._gone = {thing.thing_id: settled for thing in removed if thing.removed < settled}
        for answer in in_order:
            if answer.is_whole:
                self._note_gone(removed, answer)

    def _note_gone(self, removed: Iterable[Thing], answer: Answer) -> None:
        shown = set(answer.ids)
        for thing in removed:
            seen = self._shown.get(thing.thing_id, NEVER) < answer.began
            if seen and thing.removed < answer.began and thing.thing_id not in shown:
                self._gone.setdefault(thing.thing_id, answer.ended)

    def resurrected(self, answer: Answer, shown: set[int]) -> set[int]:
        return {thing_id for thing_id in shown if self._gone.get(thing_id, NEVER) < answer.began}

    def lacking(self, answer: Answer, shown: set[int]) -> set[int]:
        """What an answer lacks without saying so."""
        if not answer.is_whole:
            return set()
        known = (thing_id for thing_id, at in self._shown.items() if at < answer.began and thing_id not in shown)
        return {thing_id for thing_id in known if not self._things[thing_id].may_be_gone(answer.ended)}


def _example(answer: Answer, back: set[int], lacking: set[int]) -> str:
    kind = "whole" if answer.is_whole else "partial"
    return (
        f"server {answer.server}, panel {answer.panel}, at {answer.ended:.3f}, {kind}: "
        f"shows deleted {sorted(back)[:3]} ({len(back)}), lacks {sorted(lacking)[:3]} ({len(lacking)})"
    )
