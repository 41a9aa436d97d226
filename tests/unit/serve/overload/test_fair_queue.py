from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from serve.overload.fair_queue import CREDIT_SECONDS, QUANTUM_SECONDS, FairQueue

ORDINARY = 0.004
WIDE = 0.009


def filled(*callers: str) -> FairQueue[str]:
    """A queue of new steps, each named after its caller, in this order."""
    queue: FairQueue[str] = FairQueue()
    for caller in callers:
        queue.push(caller, caller, has_started=False)
    return queue


def served(queue: FairQueue[str], steps: int, cost: dict[str, float]) -> list[str]:
    """The callers of the next steps, each of which costs what its caller's do."""
    order: list[str] = []
    for _ in range(steps):
        order.append(queue.pop())
        queue.charge(order[-1], cost[order[-1]])
    return order


def test_one_caller_is_served_in_order() -> None:
    queue: FairQueue[int] = FairQueue()
    for number in range(5):
        queue.push("a", number, has_started=False)
    assert [queue.pop() for _ in range(5)] == [0, 1, 2, 3, 4]
    assert len(queue) == 0


def test_started_requests_go_before_new_ones() -> None:
    queue = filled("a", "b")
    queue.push("b", "b goes on", has_started=True)
    queue.push("a", "a goes on", has_started=True)
    assert [queue.pop() for _ in range(4)] == ["b goes on", "a goes on", "a", "b"]


def test_callers_who_ask_for_the_same_are_served_as_in_one_queue() -> None:
    queue = filled("a", "b", "b", "a")
    assert served(queue, 4, {"a": 0.001, "b": 0.001}) == ["a", "b", "b", "a"]


def test_an_ordinary_caller_goes_before_one_who_asks_for_much() -> None:
    queue = filled(*["much"] * 50)
    served(queue, 10, {"much": WIDE})
    queue.push("ordinary", "ordinary", has_started=False)
    assert queue.pop() == "ordinary"
    queue.charge("ordinary", ORDINARY)
    served(queue, 2, {"much": WIDE})
    queue.push("ordinary", "ordinary", has_started=True)
    assert queue.pop() == "ordinary"


def test_work_counts_also_for_a_caller_who_waits_for_nothing() -> None:
    queue = filled("much", "other", "other", "other")
    assert queue.pop() == "much"
    queue.charge("much", 10 * QUANTUM_SECONDS)
    queue.push("much", "much", has_started=True)
    assert served(queue, 4, {"other": WIDE, "much": WIDE}) == ["other", "other", "other", "much"]


def test_work_counts_also_for_a_caller_who_never_waited() -> None:
    queue = filled("other", "other")
    queue.charge("much", 10 * QUANTUM_SECONDS)
    queue.push("much", "much", has_started=True)
    assert served(queue, 3, {"other": WIDE, "much": WIDE}) == ["other", "other", "much"]


def test_an_idle_caller_saves_up_no_more_than_the_credit() -> None:
    queue = filled(*["busy"] * 200)
    served(queue, 100, {"busy": WIDE})
    for _ in range(100):
        queue.push("idle", "idle", has_started=False)
    order = served(queue, 40, {"busy": WIDE, "idle": WIDE})
    ahead = order.index("busy") * WIDE
    assert ahead <= CREDIT_SECONDS + QUANTUM_SECONDS + WIDE
    assert 18 <= order.count("busy") <= 20


def test_a_caller_who_was_served_before_saves_up_no_more_either() -> None:
    queue = filled("idle", *["busy"] * 200)
    cost, order = {"busy": WIDE, "idle": WIDE}, list[str]()
    served(queue, 101, cost)
    for _ in range(40):
        if "idle" not in queue.oldest_new():
            queue.push("idle", "idle", has_started=False)
        order += served(queue, 1, cost)
    assert 18 <= order.count("busy") <= 20


def test_a_caller_who_comes_back_does_not_shut_out_another() -> None:
    queue = filled(*["a"] * 30, *["b"] * 10)
    served(queue, 20, {"a": WIDE, "b": WIDE})
    served(queue, 15, {"a": WIDE, "b": WIDE})
    for _ in range(10):
        queue.push("b", "b", has_started=False)
    assert served(queue, 8, {"a": WIDE, "b": WIDE}).count("a") >= 2


def test_a_step_that_is_discarded_is_not_served() -> None:
    queue = filled("a", "b")
    queue.push("a", "not wanted", has_started=True)
    queue.discard("a", "not wanted")
    queue.discard("a", "unknown")
    queue.discard("unknown", "a")
    assert len(queue) == 2
    assert [queue.pop(), queue.pop()] == ["a", "b"]


def test_a_discarded_step_is_none_that_waits() -> None:
    queue = filled("a", "b")
    queue.discard("a", "a")
    assert queue.pop() == "b"
    queue.push("a", "a", has_started=False)
    assert queue.pop() == "a"


def test_steps_before_a_new_one_are_counted_in_fair_order() -> None:
    queue = filled(*["flood"] * 30, "few", "few")
    assert queue.ahead_of_new("flood") == 30 + 2
    assert queue.ahead_of_new("few") == 2 + 3
    assert queue.ahead_of_new("newcomer") == 1 + 1
    assert FairQueue[str]().ahead_of_new("alone") == 0


def test_the_oldest_new_step_of_each_caller_is_known() -> None:
    queue = filled("a", "b")
    queue.push("a", "younger", has_started=False)
    queue.push("c", "started", has_started=True)
    assert set(queue.oldest_new()) == {"a", "b"}


def test_callers_who_wait_for_nothing_are_forgotten() -> None:
    queue = filled(*["busy"] * 20_000)
    for number in range(2000):
        served(queue, 3, {"busy": WIDE})
        queue.push(f"caller {number}", f"caller {number}", has_started=False)
        order = queue.pop()
        queue.charge(order, ORDINARY)
    assert len(queue._callers) < 1000  # pyright: ignore[reportPrivateUsage]


def test_many_callers_are_forgotten_once_they_are_not_ahead() -> None:
    queue = filled(*[f"caller {number}" for number in range(700)])
    for _ in range(700):
        queue.charge(queue.pop(), ORDINARY)
    for number in range(1500):
        queue.charge("busy", WIDE)
        queue.push("busy", "busy", has_started=False)
        queue.push(f"later {number}", f"later {number}", has_started=False)
        for _ in range(2):
            queue.charge(queue.pop(), ORDINARY)
    assert len(queue._callers) < 1500  # pyright: ignore[reportPrivateUsage]


def test_callers_who_wait_are_not_forgotten() -> None:
    callers = [f"caller {number}" for number in range(300)]
    queue = filled(*callers)
    assert served(queue, 300, dict.fromkeys(callers, ORDINARY)) == callers


def test_nothing_is_owed_after_the_queue_was_empty() -> None:
    queue = filled("much")
    queue.pop()
    queue.charge("much", 100.0)
    queue.forget()
    queue.push("much", "much", has_started=False)
    queue.push("other", "other", has_started=False)
    assert [queue.pop(), queue.pop()] == ["much", "other"]


Pushes = Sequence[tuple[str, bool, float]]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.booleans(), st.floats(0, 0.05))))
def test_every_step_is_served_once_in_its_callers_order(pushes: Pushes) -> None:
    queue: FairQueue[tuple[int, str]] = FairQueue()
    left, order = len(pushes), list[tuple[int, str]]()
    for number, (caller, pops, seconds) in enumerate(pushes):
        queue.push(caller, (number, caller), has_started=False)
        if pops:
            order.append(queue.pop())
            queue.charge(order[-1][1], seconds)
    assert len(queue) == left - len(order)
    while queue:
        order.append(queue.pop())
    assert sorted(order) == [(number, caller) for number, (caller, _, _) in enumerate(pushes)]
    for caller in "abcd":
        own = [step for step in order if step[1] == caller]
        assert own == sorted(own)


@given(st.lists(st.floats(0.0005, 0.009), min_size=2, max_size=6))
def test_callers_who_always_wait_get_equal_time(costs: Sequence[float]) -> None:
    cost = {str(number): seconds for number, seconds in enumerate(costs)}
    queue = filled(*[caller for caller in cost for _ in range(1500)])
    order = served(queue, 1000, cost)
    times = {caller: steps * cost[caller] for caller, steps in Counter(order).items()}
    if all(Counter(order)[caller] < 1500 for caller in cost):
        assert max(times.values()) - min(times.get(caller, 0.0) for caller in cost) <= 2 * QUANTUM_SECONDS
