import asyncio

import pytest

from common.errors import ServerClockWrong, StoreFilling, StoreUnavailable
from serve.readiness.gate import StoreGate
from serve.readiness.verdict import StoreStatus
from tests.support.in_loop import in_loop

FULL = StoreStatus(answers=True, lineage="first", caught_up=True, waiting_for="")
EMPTIED = StoreStatus(answers=True, lineage=None, caught_up=False, waiting_for="ingest")
FILLING = EMPTIED._replace(lineage="second")
SILENT = StoreStatus(answers=False, lineage=None, caught_up=False, waiting_for="Redis does not answer")


def gate_after(*statuses: StoreStatus) -> StoreGate:
    gate = StoreGate()
    for status in statuses:
        gate.evaluate(status)
    return gate


def lets_read(gate: StoreGate) -> bool:
    try:
        gate.check()
    except StoreFilling:
        return False
    return True


def lets_answer(gate: StoreGate, held: bytes | None) -> bool:
    try:
        gate.confirm(held)
    except StoreFilling:
        return False
    return True


def test_a_store_is_closed_until_its_lineage_has_caught_up() -> None:
    assert not lets_read(gate_after(EMPTIED))
    assert not lets_read(gate_after(FILLING))
    assert lets_read(gate_after(FILLING, FILLING._replace(caught_up=True)))
    assert not lets_read(gate_after(FULL, EMPTIED))
    assert not lets_read(gate_after(FULL, FILLING))


def test_later_lag_leaves_the_store_open() -> None:
    assert lets_read(gate_after(FULL, FULL._replace(caught_up=False)))


def test_a_store_that_has_never_answered_is_unavailable() -> None:
    for gate in (gate_after(), gate_after(SILENT)):
        with pytest.raises(StoreUnavailable) as caught:
            gate.check()
        assert not isinstance(caught.value, StoreFilling)


def test_store_is_closed_while_the_clock_is_wrong() -> None:
    gate = gate_after(FULL, FULL._replace(wrong_clock="this machine's clock is wrong"))
    with pytest.raises(ServerClockWrong):
        gate.check()
    gate.evaluate(FULL)
    gate.check()


def test_a_look_that_failed_leaves_the_judgement_to_each_request() -> None:
    gate = gate_after(FULL, SILENT)
    assert lets_read(gate)
    assert lets_answer(gate, b"first")
    assert not lets_answer(gate, None)


def test_only_the_lineage_that_has_caught_up_is_answered() -> None:
    gate = gate_after(FULL)
    assert lets_answer(gate, b"first")
    assert not lets_answer(gate, b"second")
    assert not lets_answer(gate, None)
    assert not lets_answer(gate_after(EMPTIED), None)


def test_callers_rejected_together_have_different_times_to_retry() -> None:
    gate, delays = gate_after(EMPTIED), set[int]()
    for _ in range(10):
        with pytest.raises(StoreFilling) as caught:
            gate.check()
        delays.add(caught.value.retry_after_ms)
    assert len(delays) == 10


@in_loop
async def test_another_lineage_makes_the_next_look_due_once() -> None:
    gate = gate_after(FULL)
    clock = asyncio.get_running_loop().time
    began = clock()
    assert not lets_answer(gate, None)
    await gate.next_look()
    assert clock() - began < 0.4
    gate.evaluate(EMPTIED)
    assert not lets_answer(gate, None)
    began = clock()
    await gate.next_look()
    assert clock() - began >= 0.4
