"""Draws faults by the seed, and injects one after the other for as long as the run lasts."""

import random
import time
from collections.abc import Iterator
from itertools import groupby

from tests.chaos.fault import Fault, all_faults
from tests.chaos.registry import scenario
from tests.chaos.run import Run

_CALM_SECONDS = (0.5, 3.0)
_WARM_UP_SECONDS = 5


@scenario("drawn", "one fault after the other, drawn by the seed, for --minutes")
def drawn(run: Run) -> None:
    until = time.monotonic() + 60 * run.plan.minutes
    run.hold(_WARM_UP_SECONDS)
    for fault in deck(list(all_faults().values()), run.random, long=run.is_long):
        if time.monotonic() >= until:
            return
        inflict(run, fault)
        run.hold(run.random.uniform(*_CALM_SECONDS))


def inflict(run: Run, fault: Fault) -> None:
    """Inject a fault, hold it, heal it, and wait for the recovery."""
    run.say(f"{fault.number} {fault.name}: {fault.summary}")
    began = time.monotonic()
    injecting = fault.inject(run)
    next(injecting)
    run.hold(run.random.uniform(*fault.hold))
    proof = ""
    try:
        next(injecting)
    except StopIteration as end:
        proof = end.value
    run.wait_for_recovery(f"{fault.number} {fault.name}", began, proof, fault.limit)
    record = run.history.faults[-1]
    run.say(f"    {proof or 'NOT PROVEN'}; recovered after {(record.recovered or 0) - record.healed:.1f} s")


def deck(faults: list[Fault], drawn_by: random.Random, *, long: bool) -> Iterator[Fault]:
    """Faults without end: in each round one of each number, then another one of those that have several."""
    usable = [fault for fault in faults if long or not fault.long]
    by_number = {number: list(group) for number, group in groupby(usable, key=lambda fault: fault.number)}
    waiting: dict[str, list[Fault]] = {number: [] for number in by_number}
    while True:
        numbers = list(by_number)
        drawn_by.shuffle(numbers)
        for number in numbers:
            if not waiting[number]:
                waiting[number] = drawn_by.sample(by_number[number], len(by_number[number]))
            yield waiting[number].pop()
