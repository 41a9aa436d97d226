import pytest

from common.errors import StoreUnavailable
from serve.store.failure_log import FailureLog


def lines_of(*failures: tuple[float, str], caplog: pytest.LogCaptureFixture) -> list[str]:
    failure_log = FailureLog()
    for at, text in failures:
        failure_log.partial(StoreUnavailable(text), at)
    return [line.partition("partial: ")[2] for line in caplog.messages]


def test_a_cause_is_logged_once_per_interval_with_its_count(caplog: pytest.LogCaptureFixture) -> None:
    timeout = "Redis 10.0.0.7:6379: no answer in time"
    assert lines_of(
        (0.0, timeout), (1.0, timeout), (9.9, timeout), (10.0, timeout), (20.0, timeout), caplog=caplog
    ) == [
        timeout,
        f"{timeout}; 2 more since the last such line",
        timeout,
    ]


def test_causes_differ_by_node_and_error(caplog: pytest.LogCaptureFixture) -> None:
    causes = ["Redis 10.0.0.7:6379: x", "Redis 10.0.0.8:6379: x", "Redis: MOVED 1 10.0.0.7:6379", "Redis: LOADING x"]
    again = ["Redis: MOVED 2 10.0.0.8:6379"]
    assert lines_of(*((0.0, cause) for cause in causes + again), caplog=caplog) == causes


def test_any_number_of_causes_is_remembered_within_bounds(caplog: pytest.LogCaptureFixture) -> None:
    assert len(lines_of(*((0.0, f"Redis: E{number}") for number in range(1000)), caplog=caplog)) == 1000
