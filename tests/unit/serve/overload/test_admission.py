from math import inf

from serve.overload.admission import AT_CAPACITY, OVER_RATE, Admission, TokenBucket


def test_a_full_server_rejects_until_a_release() -> None:
    admission = Admission(max_concurrent=2, max_delay_seconds=inf, rate=None)
    assert admission.admit(0.0, 0.0) is None
    assert admission.admit(0.0, 0.0) is None
    rejected = admission.admit(0.0, 0.0)
    assert rejected is not None
    assert rejected.message == AT_CAPACITY
    assert admission.in_flight == 2
    admission.release()
    assert admission.admit(0.0, 0.0) is None


def test_callers_rejected_together_do_not_retry_together() -> None:
    admission = Admission(max_concurrent=0, max_delay_seconds=inf, rate=None)
    rejections = [admission.admit(0.0, 0.0) for _ in range(10)]
    delays = {rejected.retry_after_ms for rejected in rejections if rejected}
    assert len(delays) == 10
    assert min(delays) > 0


def test_a_high_queueing_delay_sheds_new_requests() -> None:
    admission = Admission(max_concurrent=10, max_delay_seconds=0.05, rate=None)
    assert admission.admit(0.0, queueing_delay=0.05) is None
    rejected = admission.admit(0.0, queueing_delay=0.051)
    assert rejected is not None
    assert rejected.message == AT_CAPACITY
    assert admission.in_flight == 1


def test_a_rejection_over_the_rate_says_when_to_retry() -> None:
    admission = Admission(max_concurrent=10, max_delay_seconds=inf, rate=TokenBucket(2))
    assert admission.admit(100.0, 0.0) is None
    assert admission.admit(100.0, 0.0) is None
    rejected = admission.admit(100.25, 0.0)
    assert rejected == (OVER_RATE, 250)
    assert admission.in_flight == 2
    assert admission.admit(100.5, 0.0) is None


def test_a_rejection_for_capacity_takes_no_token() -> None:
    admission = Admission(max_concurrent=1, max_delay_seconds=inf, rate=TokenBucket(2))
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
