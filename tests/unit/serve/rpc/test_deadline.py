import pytest

from serve.rpc.deadline import time_to_read


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
def test_the_shorter_limit_counts_and_a_reserve_is_kept_of_the_callers_deadline(
    request_timeout: float | None, caller_remaining: float | None, expected: float | None
) -> None:
    assert time_to_read(request_timeout, caller_remaining) == pytest.approx(expected)  # pyright: ignore[reportUnknownMemberType]
