import pytest

from serve.deadline import NO_DEADLINE, deadline_of_call

NOW = 100.0


@pytest.mark.parametrize(
    ("request_timeout", "caller_remaining", "expected"),
    [
        (None, None, None),
        (0.5, None, 0.5),
        (None, 1.025, 1.0),
        (0.5, 1.025, 0.5),
        (2.0, 1.025, 1.0),
        (None, 0.04, 0.03),
        (None, 0.0, 0.0),
    ],
)
def test_the_shorter_limit_counts_less_a_reserve_for_the_caller(
    request_timeout: float | None, caller_remaining: float | None, expected: float | None
) -> None:
    deadline = deadline_of_call(NOW, request_timeout, caller_remaining)
    assert deadline.remaining(NOW) == pytest.approx(expected)  # pyright: ignore[reportUnknownMemberType]


def test_a_deadline_expires_and_no_time_is_left() -> None:
    deadline = deadline_of_call(NOW, 0.5, None)
    assert not deadline.has_expired(NOW + 0.4)
    assert deadline.has_expired(NOW + 0.5)
    assert deadline.remaining(NOW + 2) == 0


def test_without_a_limit_nothing_expires() -> None:
    assert not NO_DEADLINE.has_expired(NOW)
    assert NO_DEADLINE.remaining(NOW) is None
