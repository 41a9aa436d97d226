from math import inf

from serve.overload.admission import AT_CAPACITY, OVER_RATE, Admission, TokenBucket


def test_a_full_server_refuses_at_once_and_admits_again_after_a_release() -> None:
    admission = Admission(max_concurrent=2, max_lag_seconds=inf, rate=None)
    assert admission.admit(0.0, 0.0) is None
    assert admission.admit(0.0, 0.0) is None
    refused = admission.admit(0.0, 0.0)
    assert refused is not None
    assert refused.message == AT_CAPACITY
    assert admission.in_flight == 2
    admission.release()
    assert admission.admit(0.0, 0.0) is None


def test_callers_refused_together_are_not_sent_back_together() -> None:
    admission = Admission(max_concurrent=0, max_lag_seconds=inf, rate=None)
    refusals = [admission.admit(0.0, 0.0) for _ in range(10)]
    delays = {refused.retry_after_ms for refused in refusals if refused}
    assert len(delays) == 10
    assert min(delays) > 0


def test_work_that_lags_behind_sheds_new_requests() -> None:
    admission = Admission(max_concurrent=10, max_lag_seconds=0.05, rate=None)
    assert admission.admit(0.0, lag_seconds=0.05) is None
    refused = admission.admit(0.0, lag_seconds=0.051)
    assert refused is not None
    assert refused.message == AT_CAPACITY
    assert admission.in_flight == 1


def test_the_rate_is_limited_and_the_refusal_says_when_to_come_back() -> None:
    admission = Admission(max_concurrent=10, max_lag_seconds=inf, rate=TokenBucket(2))
    assert admission.admit(100.0, 0.0) is None
    assert admission.admit(100.0, 0.0) is None
    refused = admission.admit(100.25, 0.0)
    assert refused == (OVER_RATE, 250)
    assert admission.in_flight == 2
    assert admission.admit(100.5, 0.0) is None


def test_a_refusal_for_capacity_takes_no_token() -> None:
    admission = Admission(max_concurrent=1, max_lag_seconds=inf, rate=TokenBucket(2))
    assert admission.admit(0.0, 0.0) is None
    assert admission.admit(0.0, 0.0) is not None
    admission.release()
    assert admission.admit(0.0, 0.0) is None


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
