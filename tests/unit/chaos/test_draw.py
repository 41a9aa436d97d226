"""Faults drawn by a seed."""

import random
from itertools import islice

from tests.chaos.draw import deck
from tests.chaos.fault import all_faults

FAULTS = list(all_faults().values())
NUMBERS = {*(f"F{number}" for number in range(1, 16)), "F17", "F19", "F20", "F24"}


def drawn(seed: int, count: int, *, long: bool = True) -> list[str]:
    return [fault.name for fault in islice(deck(FAULTS, random.Random(seed), long=long), count)]


def test_each_number_has_a_fault() -> None:
    assert {fault.number for fault in FAULTS} == NUMBERS


def test_a_seed_draws_the_same_faults() -> None:
    assert drawn(1, 50) == drawn(1, 50)
    assert drawn(1, 50) != drawn(2, 50)


def test_each_round_has_one_fault_of_each_number() -> None:
    numbers = {fault.name: fault.number for fault in FAULTS}
    for start in range(0, 3 * len(NUMBERS), len(NUMBERS)):
        assert {numbers[name] for name in drawn(3, 3 * len(NUMBERS))[start : start + len(NUMBERS)]} == NUMBERS


def test_every_fault_comes_in_time() -> None:
    assert {fault.name for fault in FAULTS} == set(drawn(4, 400))


def test_a_short_run_leaves_long_faults_out() -> None:
    assert not {fault.name for fault in FAULTS if fault.long} & set(drawn(5, 400, long=False))
