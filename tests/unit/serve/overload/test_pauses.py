from serve.overload.scheduler import YieldPolicy

WORK = 0.005
LONGEST_PAUSE = 0.005
TURN = 0.00005


def rested(now: float) -> YieldPolicy:
    pauses = YieldPolicy()
    pauses.had_rest(now)
    return pauses


def turns_until_over(pauses: YieldPolicy, now: float, arrivals: list[int], *, is_shedding: bool = False) -> int:
    """Turns of the loop that a pause takes; arrivals are the calls so far at each turn, the last one for all after."""
    turns = 0
    while pauses.goes_on(now + turns * TURN, arrivals[min(turns, len(arrivals) - 1)], is_shedding=is_shedding):
        turns += 1
    return turns


def test_no_pause_is_due_right_after_a_rest() -> None:
    pauses = rested(10.0)
    assert not pauses.is_due(10.001)
    assert turns_until_over(pauses, 10.001, [0]) == 0


def test_a_pause_is_due_after_some_work_and_ends_when_no_call_comes() -> None:
    pauses = rested(10.0)
    assert pauses.is_due(10.0 + WORK)
    turns = turns_until_over(pauses, 10.0 + WORK, [7])
    assert 4 <= turns <= 20
    assert not pauses.is_due(10.0 + WORK + 0.003)


def test_a_pause_goes_on_while_calls_come() -> None:
    quiet = turns_until_over(rested(10.0), 10.0 + WORK, [0])
    busy = turns_until_over(rested(10.0), 10.0 + WORK, [0, 0, 0, 1, 1, 1, 2])
    assert busy == quiet + 6


def test_a_pause_is_more_patient_while_calls_are_refused() -> None:
    usual = turns_until_over(rested(10.0), 10.0 + WORK, [0])
    assert turns_until_over(rested(10.0), 10.0 + WORK, [0], is_shedding=True) > 2 * usual


def test_no_pause_is_longer_than_its_limit_however_many_calls_come() -> None:
    calls = list(range(1000))
    assert turns_until_over(rested(10.0), 10.0 + WORK, calls) * TURN <= LONGEST_PAUSE + 2 * TURN
