"""Histories made by hand, each of which breaks one invariant, or looks as if it did."""

import pytest

from tests.chaos.checks.checker import violations
from tests.chaos.records.history import FaultRecord, Pause, Place, Unapplied
from tests.unit.chaos.hand_made import AUTHOR, LIMIT, Written, post


def broken(written: Written, factor: float = 1) -> list[str]:
    """Names of the invariants that the history breaks, each once."""
    return sorted({violation.invariant for violation in violations(written.history, factor)})


def test_a_calm_history_breaks_nothing() -> None:
    written = Written().create(1, 1, 2, 3).answer(2, [2, 1]).answer(3, [3, 2, 1]).commit(3, 3).answer(4, [3, 2, 1])
    written.delete(5, 2).answer(6, [3, 2, 1]).answer(7, [3, 1]).commit(8, 4).answer(9, [3, 1])
    assert broken(written) == []


def test_an_id_twice_breaks_i2() -> None:
    assert broken(Written().create(1, 1).answer(2, [1, 1])) == ["I2"]


def test_oldest_first_breaks_i4() -> None:
    assert broken(Written().create(1, 1, 2).answer(2, [1, 2])) == ["I4"]


def test_a_post_that_was_never_written_breaks_i4() -> None:
    assert broken(Written().create(1, 1).answer(2, [2, 1])) == ["I4"]


def test_a_post_of_another_author_breaks_i4() -> None:
    assert broken(Written().write(1, post(1, author=9)).answer(2, [1])) == ["I4"]


def test_a_partial_answer_in_the_wrong_order_breaks_i4() -> None:
    assert broken(Written().create(1, 1, 2).answer(2, [1, 2], partial=True)) == ["I4"]


def test_a_late_answer_breaks_i7() -> None:
    written = Written().create(1, 1).answer(2, [1], took=LIMIT + 0.2)
    assert broken(written) == ["I7"]
    assert broken(written, factor=3) == []


def test_an_answer_is_not_late_for_a_reader_that_could_not_run() -> None:
    written = Written().create(1, 1).answer(2, [1], took=LIMIT + 0.4)
    written.history.pauses += [Pause(1.9, 5), Pause(2 + LIMIT + 0.41, 0.2), Pause(9, 5)]
    assert broken(written) == ["I7"]
    written.history.pauses.insert(1, Pause(3, 0.2))
    assert broken(written) == []


def test_a_late_error_breaks_i7() -> None:
    assert broken(Written().answer(2, [], took=LIMIT + 0.2, code="DEADLINE_EXCEEDED")) == ["I7"]


@pytest.mark.parametrize(
    ("recovered", "factor", "expected"), [(5, 1, []), (20, 1, ["I8"]), (20, 3, []), (None, 3, ["I8"])]
)
def test_slow_recovery_breaks_i8(recovered: float | None, factor: float, expected: list[str]) -> None:
    written = Written()
    written.history.faults.append(FaultRecord("F1", 1, 2, recovered, "exit code -9", 10))
    assert broken(written, factor) == expected


def test_a_fault_without_proof_is_a_violation() -> None:
    written = Written()
    written.history.faults.append(FaultRecord("F1", 1, 2, 3, "", 10))
    assert broken(written) == ["proof"]


def test_a_lost_dead_letter_breaks_i10() -> None:
    written = Written()
    written.history.poison += [Place(0, 5), Place(1, 5)]
    written.history.dead_letters.add(Place(0, 5))
    assert broken(written) == ["I10"]
    written.history.dead_letters.add(Place(1, 5))
    assert broken(written) == []


def test_a_good_message_among_the_dead_letters_breaks_i10() -> None:
    written = Written().create(1, 1)
    written.history.dead_letters.add(Place(0, 0))
    assert broken(written) == ["I10"]


def test_a_commit_past_the_end_breaks_i5() -> None:
    written = Written().create(1, 1)
    written.history.poison.append(Place(0, 1))
    written.history.dead_letters.add(Place(0, 1))
    assert broken(written.commit(2, 2)) == []
    assert broken(written.commit(3, 3)) == ["I5"]


def test_violations_come_in_the_order_of_time() -> None:
    written = Written().create(1, 1, 2).answer(5, [2, 1, 1]).answer(3, [1, 2])
    assert [violation.invariant for violation in violations(written.history, 1)] == ["I4", "I2"]


def test_a_violation_names_the_answer_and_its_moments() -> None:
    [violation] = violations(Written().create(1, 1).answer(2, [1, 1], authors=(AUTHOR,)).history, 1)
    assert violation.at == 2.1
    assert violation.text == "whole answer of a from 2.000 to 2.100 holds twice: [1]"


def test_a_commit_of_what_is_not_in_the_store_breaks_i5() -> None:
    written = Written()
    written.history.unapplied.append(Unapplied(5.0, 5.1, "no record"))
    assert broken(written) == ["I5"]


@pytest.mark.parametrize(
    ("name", "began", "recovered", "explained"),
    [
        ("F11 master-empty", 4, 6, True),
        ("F11 master-empty", 5.05, 6, True),
        ("F11 master-empty", 5.2, 6, False),
        ("F11 master-empty", 3, 4.9, False),
        ("F13 redis-cut", 4, 6, False),
    ],
)
def test_lost_writes_explain_what_is_missing_meanwhile(
    name: str, began: float, recovered: float, explained: bool
) -> None:
    written = Written()
    written.history.faults.append(FaultRecord(name, began, began, recovered, "seen", 30))
    written.history.unapplied.append(Unapplied(5.0, 5.1, "no record"))
    assert broken(written) == ([] if explained else ["I5"])
