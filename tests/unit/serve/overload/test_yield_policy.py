from serve.overload.scheduler import YieldPolicy

WORK = 0.005
LONGEST_YIELD = 0.005
ITERATION = 0.00005


def idle_policy(now: float) -> YieldPolicy:
    policy = YieldPolicy()
    policy.did_idle(now)
    return policy


def iterations_until_over(policy: YieldPolicy, now: float, arrivals: list[int], *, is_shedding: bool = False) -> int:
    """Iterations that a yield takes; arrivals: the calls so far at each iteration, the last number for all later."""
    iterations = 0
    while policy.should_yield(
        now + iterations * ITERATION, arrivals[min(iterations, len(arrivals) - 1)], is_shedding=is_shedding
    ):
        iterations += 1
    return iterations


def test_no_yield_is_due_right_after_idling() -> None:
    policy = idle_policy(10.0)
    assert not policy.is_due(10.001)
    assert iterations_until_over(policy, 10.001, [0]) == 0


def test_a_yield_after_work_ends_when_no_call_arrives() -> None:
    policy = idle_policy(10.0)
    assert policy.is_due(10.0 + WORK)
    iterations = iterations_until_over(policy, 10.0 + WORK, [7])
    assert 4 <= iterations <= 20
    assert not policy.is_due(10.0 + WORK + 0.003)


def test_a_yield_continues_while_calls_arrive() -> None:
    quiet = iterations_until_over(idle_policy(10.0), 10.0 + WORK, [0])
    busy = iterations_until_over(idle_policy(10.0), 10.0 + WORK, [0, 0, 0, 1, 1, 1, 2])
    assert busy == quiet + 6


def test_a_yield_lasts_longer_while_calls_are_rejected() -> None:
    usual = iterations_until_over(idle_policy(10.0), 10.0 + WORK, [0])
    assert iterations_until_over(idle_policy(10.0), 10.0 + WORK, [0], is_shedding=True) > 2 * usual


def test_a_yield_has_a_time_limit_however_many_calls_arrive() -> None:
    calls = list(range(1000))
    assert iterations_until_over(idle_policy(10.0), 10.0 + WORK, calls) * ITERATION <= LONGEST_YIELD + 2 * ITERATION
