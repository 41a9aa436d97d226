from collections.abc import Sequence
from itertools import count
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve.overload.admission import (
    PRESENT_SECONDS,
    Admission,
    Capacity,
    Cost,
    Ticket,
    TokenBucket,
    cost_of_read,
    estimated_cost,
)
from serve.rejection import AT_CAPACITY, OVER_RATE, Rejection, RejectionReason

ORDINARY = Cost()
WIDE = Cost(5.0, 2_000_000)


def admission(units: float = 100, bytes_: float = inf, delay: float = inf, rate: float | None = None) -> Admission:
    capacity = Capacity(units, int(min(bytes_, 2**60)), delay)
    return Admission(capacity, TokenBucket(rate) if rate else None)


def admit(
    subject: Admission, caller: str = "a", cost: Cost = ORDINARY, delay: float = 0.0, now: float = 0.0
) -> Ticket | None:
    """The ticket; None when the request is rejected because the server is at capacity."""
    admitted = subject.admit(caller, cost, now, delay)
    if isinstance(admitted, Ticket):
        return admitted
    assert admitted.message == AT_CAPACITY
    return None


def admitted_of(subject: Admission, caller: str, cost: Cost = ORDINARY, delay: float = 0.0, of: int = 1000) -> int:
    """Requests of the caller that are admitted out of this number."""
    return sum(admit(subject, caller, cost, delay) is not None for _ in range(of))


def test_a_full_server_rejects_until_a_release() -> None:
    subject = admission(units=2)
    first = admit(subject)
    assert first
    assert admit(subject)
    assert admit(subject) is None
    assert subject.in_flight == 2
    subject.release(first)
    assert admit(subject)


def reason(answer: Ticket | Rejection | None) -> RejectionReason:
    assert isinstance(answer, Rejection)
    return answer.reason


def test_a_rejection_has_a_reason() -> None:
    subject = admission(units=2, bytes_=100, delay=1.0, rate=2)
    assert admit(subject)
    assert reason(subject.admit("a", Cost(2.0), 0.0, 0.0)) is RejectionReason.CAPACITY
    assert admit(subject, "b")
    assert reason(subject.admit("c", Cost(0.0), 0.0, 0.0)) is RejectionReason.RATE
    assert reason(subject.reassess(Ticket("a", Cost(0.0)), Cost(5.0))) is RejectionReason.CAPACITY


def test_reasons_that_lie_with_the_caller() -> None:
    subject = admission(units=10, bytes_=100)
    subject.hold_answer("slow", 60)
    assert reason(subject.admit("slow", Cost(0.0), 0.0, 0.0)) is RejectionReason.UNTAKEN
    subject = admission(units=10)
    assert admit(subject, "a", Cost(5.0))
    assert admit(subject, "b")
    assert reason(subject.admit("a", ORDINARY, 0.0, 0.0)) is RejectionReason.SHARE
    subject = admission(units=100, delay=1.0)
    assert admitted_of(subject, "a", of=16) == 16
    assert reason(subject.admit("a", Cost(0.0), 0.0, 2.0)) is RejectionReason.DELAY
    subject = Admission(Capacity(10, 100, 1.0, unread_calls=2))
    assert subject.open_call("a", 0.0, 0.0) is None
    assert reason(subject.open_call("a", 0.0, 0.0)) is RejectionReason.UNREAD


def test_callers_rejected_together_do_not_retry_together() -> None:
    subject = admission(units=1)
    assert admit(subject)
    rejections = [subject.admit("a", ORDINARY, 0.0, 0.0) for _ in range(10)]
    delays = {rejected.retry_after_ms for rejected in rejections if isinstance(rejected, Rejection)}
    assert len(delays) == 10
    assert all(50 <= delay <= 150 and delay % 10 == 0 for delay in delays)


def test_wide_requests_take_more_of_the_capacity() -> None:
    assert admitted_of(admission(), "a", WIDE) == 20


def test_a_request_wider_than_everything_is_admitted_alone() -> None:
    subject = admission(units=4, bytes_=1_000_000)
    alone = admit(subject, cost=WIDE)
    assert alone
    assert admit(subject) is None
    subject.release(alone)
    assert admit(subject)
    assert admit(subject, cost=WIDE) is None


def test_the_sum_of_bytes_is_bounded() -> None:
    assert admitted_of(admission(bytes_=9_999_999), "a", WIDE) == 4
    assert admitted_of(admission(bytes_=10_000_000), "a", WIDE) == 5


def test_the_true_cost_replaces_the_estimate() -> None:
    subject = admission(units=10)
    estimated = admit(subject, cost=Cost(5.0))
    other = admit(subject, cost=Cost(5.0))
    assert estimated
    assert other
    assert subject.reassess(other, ORDINARY) is None
    assert subject.units == 6
    assert subject.reassess(estimated, Cost(9.0)) is None
    rejected = subject.reassess(other, Cost(2.0))
    assert rejected
    assert rejected.message == AT_CAPACITY
    assert subject.units == 10
    subject.release(other)
    assert subject.reassess(estimated, Cost(50.0, 10**12)) is None  # it is alone
    subject.release(estimated)
    assert (subject.units, subject.bytes, subject.in_flight) == (0.0, 0, 0)


def test_a_request_grows_within_the_share_of_its_caller() -> None:
    subject = admission(units=10)
    between = admit(subject, "b")
    assert between
    subject.release(between)
    assert admit(subject, "a")
    growing = admit(subject, "a", Cost(3.0))
    assert growing
    assert reason(subject.reassess(growing, Cost(4.5))) is RejectionReason.SHARE
    assert subject.units == 4
    assert subject.reassess(growing, Cost(4.0)) is None
    assert admit(subject, "c", Cost(3.0))
    for units in (4.0, 3.5):  # no more than before, though above the share that is left
        assert subject.reassess(growing, Cost(units)) is None


def test_a_request_that_is_alone_may_grow_though_sums_drift() -> None:
    subject = admission()
    gone = [admit(subject, "b"), admit(subject, "a", Cost(1.2)), admit(subject, "a", Cost(2.2))]
    alone = gone.pop(1)
    for ticket in gone:
        assert ticket
        subject.release(ticket)
    assert alone
    assert subject.reassess(alone, Cost(90.0)) is None


def test_a_lone_caller_may_take_everything() -> None:
    assert admitted_of(admission(), "a") == 100


def test_a_caller_leaves_room_for_another_under_overload() -> None:
    subject = admission()
    assert admit(subject, "b")
    assert admitted_of(subject, "a") == 50
    assert admitted_of(subject, "b") == 49


def test_a_newcomer_finds_room_and_takes_its_share_in_time() -> None:
    subject = admission()
    flood = [ticket for ticket in (admit(subject, "a") for _ in range(90)) if ticket]
    assert admitted_of(subject, "b") == 10
    for ticket in flood[:30]:
        subject.release(ticket)
    assert admit(subject, "a") is None  # it still has 60
    assert admitted_of(subject, "b") == 30


def test_without_overload_nobody_is_limited_to_a_share() -> None:
    subject = admission()
    for caller in "bcdefghij":
        assert admit(subject, caller)
    assert admitted_of(subject, "a", of=40) == 40


def test_shares_count_from_more_than_half_of_the_capacity_on() -> None:
    subject = admission(units=10)
    for caller, units in (("a", 3.0), ("b", 0.5), ("c", 0.5)):
        assert admit(subject, caller, Cost(units))
    assert admitted_of(subject, "a") == 1


@pytest.mark.parametrize("callers", [1, 2, 4, 16])
@pytest.mark.parametrize("cost", [ORDINARY, WIDE])
def test_sixteen_callers_are_served_however_long_they_wait(callers: int, cost: Cost) -> None:
    subject = admission(delay=0.1)
    assert all(admit(subject, f"caller {number % callers}", cost, delay=9.9) for number in range(16))


@pytest.mark.parametrize("callers", [1, 2, 3, 4, 7, 16])
def test_sixteen_callers_are_served_though_others_have_just_gone(callers: int) -> None:
    subject = admission(delay=0.1)
    for number in range(3):
        gone = admit(subject, f"has gone {number}")
        assert gone
        subject.release(gone)
    assert all(admit(subject, f"caller {number % callers}", delay=9.9) for number in range(16))


def test_a_long_queueing_delay_sheds_new_requests() -> None:
    subject = admission(delay=0.1)
    assert admitted_of(subject, "a", delay=0.1, of=30) == 30
    assert admit(subject, "a", delay=0.101) is None


def test_a_long_delay_sheds_the_caller_who_causes_it() -> None:
    subject = admission(delay=0.1)
    assert admitted_of(subject, "a", of=40) == 40
    assert admit(subject, "a", delay=0.2) is None
    assert admitted_of(subject, "b", delay=0.2) == 39  # as many as the other
    assert admitted_of(subject, "a", delay=0.2) == 0


def test_many_equal_callers_are_shed_by_the_delay() -> None:
    subject = admission(delay=0.1)
    assert all(admit(subject, f"caller {number}") for number in range(30))
    assert admit(subject, "one more", delay=0.2) is None


def test_a_rejection_over_the_rate_says_when_to_retry() -> None:
    subject = admission(rate=2)
    assert admit(subject, now=100.0)
    assert admit(subject, now=100.0)
    assert subject.admit("a", ORDINARY, 100.25, 0.0) == Rejection(OVER_RATE, 250, RejectionReason.RATE)
    assert subject.in_flight == 2
    assert admit(subject, now=100.5)
    slow = admission(rate=0.5)
    assert admit(slow)
    assert slow.admit("a", ORDINARY, 0.0, 0.0) == Rejection(OVER_RATE, 2000, RejectionReason.RATE)


def test_a_rejection_for_capacity_takes_no_token() -> None:
    subject = admission(units=1, rate=2)
    first = admit(subject)
    assert first
    assert admit(subject) is None
    subject.release(first)
    assert admit(subject)


def test_an_idle_bucket_saves_one_second_of_tokens_and_no_more() -> None:
    bucket = TokenBucket(3)
    assert bucket.take(0.0) == 0.0
    assert [bucket.take(1000.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert bucket.take(1000.0) > 0


def test_a_rate_below_one_per_second_still_lets_one_through() -> None:
    bucket = TokenBucket(0.5)
    assert bucket.take(0.0) == 0.0
    assert bucket.take(0.0) == 2.0
    assert bucket.take(2.0) == 0.0


def test_ordinary_requests_cost_one() -> None:
    assert cost_of_read(200 * 12, 230_400) == Cost(1.0, 230_400)
    assert cost_of_read(5000 * 4, 1_920_000) == Cost(5.0, 1_920_000)
    assert estimated_cost(0) == estimated_cost(2000) == Cost(1.0)
    assert 4 < estimated_cost(5000 * 9).units <= estimated_cost(2**20).units == 5


Steps = Sequence[tuple[str, int, float, int]]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-3, 60), st.floats(0, 0.3), st.integers(0, 50))))
def test_the_sums_are_those_of_the_admitted_requests(steps: Steps) -> None:
    subject, held, number = admission(bytes_=100, delay=0.1), list[Ticket](), count()
    for caller, units, delay, size in steps:
        if units <= 0 and held:
            subject.release(held.pop(next(number) % len(held)))
        elif held and next(number) % 3 == 0:
            subject.reassess(held[-1], Cost(max(1.0, units / 3), size))
        elif ticket := admit(subject, caller, Cost(max(1.0, units / 3), size), delay):
            held.append(ticket)
        assert subject.in_flight == len(held)
        assert abs(subject.units - sum(ticket.cost.units for ticket in held)) < 1e-6
        assert subject.bytes == sum(ticket.cost.bytes for ticket in held)
        assert len(held) < 2 or (subject.units <= 100 + 1e-6 and subject.bytes <= 100) or _was_alone(held)
    for ticket in held:
        subject.release(ticket)
    assert (subject.units, subject.bytes, subject.in_flight) == (0.0, 0, 0)
    assert admit(subject)


def _was_alone(held: list[Ticket]) -> bool:
    """Whether one of them is wider than everything: it was admitted or reassessed alone."""
    return any(ticket.cost.units > 100 or ticket.cost.bytes > 100 for ticket in held)


def test_a_caller_between_two_calls_finds_its_share_free() -> None:
    subject = admission()
    between = admit(subject, "b", now=10.0)
    assert between
    subject.release(between)
    assert sum(admit(subject, "a", now=11.0) is not None for _ in range(100)) == 50
    assert admit(subject, "b", now=11.5)


def test_a_call_without_a_request_keeps_a_share_free() -> None:
    subject = admission()
    assert subject.open_call("b", 10.0, 0.0) is None
    assert sum(admit(subject, "a", now=10.0 + PRESENT_SECONDS) is not None for _ in range(100)) == 50


def test_callers_who_have_gone_take_no_memory() -> None:
    subject = admission()
    gone = admit(subject, "a")
    assert gone
    subject.release(gone)
    assert not subject._units_of  # pyright: ignore[reportPrivateUsage]


def test_a_caller_who_has_gone_leaves_its_share() -> None:
    subject = admission()
    for caller in "ab":
        gone = admit(subject, caller, now=10.0)
        assert gone
        subject.release(gone)
    assert sum(admit(subject, "a", now=10.1 + PRESENT_SECONDS) is not None for _ in range(100)) == 100


def opened_of(subject: Admission, caller: str, of: int = 1000) -> int:
    """Calls without a request that are accepted out of this number."""
    return sum(subject.open_call(caller, 0.0, 0.0) is None for _ in range(of))


def test_calls_without_a_request_leave_room_for_others() -> None:
    assert opened_of(Admission(Capacity(100, 10**9, inf, unread_calls=101)), "a") == 51
    subject = Admission(Capacity(100, 10**9, inf, unread_calls=100))
    assert opened_of(subject, "a") == 50
    assert opened_of(subject, "b") == 25
    for number in range(50):
        assert opened_of(subject, f"caller {number}", of=1) == 1
    subject.close_call("a")
    assert opened_of(subject, "a") == 0


def test_calls_whose_requests_were_read_count_no_more() -> None:
    subject = Admission(Capacity(100, 10**9, inf, unread_calls=100))
    for _ in range(1000):
        assert opened_of(subject, "a", of=1) == 1
        subject.close_call("a")
    assert opened_of(subject, "a") == 50


def test_a_call_is_rejected_unread_when_the_server_is_full() -> None:
    subject = admission(units=1)
    assert admit(subject)
    assert opened_of(subject, "b", of=1) == 0


def test_a_caller_who_does_not_take_its_answers_is_rejected() -> None:
    subject = admission(bytes_=1000)
    for _ in range(6):
        if slow := admit(subject, "slow"):
            subject.release(slow)
            subject.hold_answer("slow", 150)
    assert subject.unsent == 600
    assert admit(subject, "slow") is None
    other = admit(subject, "other", Cost(1.0, 400))
    assert other
    assert admit(subject, "third", Cost(1.0, 1)) is None  # no bytes are left
    subject.release(other)
    subject.drop_answer("slow", 150)
    assert admit(subject, "slow")


def test_nothing_is_admitted_beyond_the_bytes_of_answers() -> None:
    subject = admission(bytes_=1000)
    for number in range(11):
        subject.hold_answer(f"caller {number}", 100)
    assert admit(subject, "alone") is None
    subject.drop_answer("caller 0", 100)
    assert admit(subject, "alone")
