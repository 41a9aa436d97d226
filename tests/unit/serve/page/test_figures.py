"""Rates, lag and latency, from what is looked at once a second."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.store.worker_status import WorkerStatus
from serve.page.figures import IngestBoard, Served, ServingBoard, Window, WindowSpan, quantile, rate

BOUNDS = (0.001, 0.01, 0.1)


def test_a_window_spans_its_last_seconds() -> None:
    window = Window[float](5)
    assert window.span() is None
    window.add(100, 1)
    assert window.span() is None
    window.add(103, 4)
    assert window.span() == WindowSpan(1, 4, 3)
    window.add(107, 9)
    assert window.span() == WindowSpan(4, 9, 4)
    window.add(200, 10)
    assert window.span() is None, "without a reader for long, earlier figures say nothing of now"


def test_a_look_that_is_not_later_is_passed_over() -> None:
    window = Window[float](5)
    for at, total in ((100, 1), (101, 2), (101, 3), (99, 7)):
        window.add(at, total)
    assert window.span() == WindowSpan(1, 2, 1)


@given(st.lists(st.tuples(st.floats(0.01, 4), st.integers(0, 1000)), min_size=2))
def test_a_rate_is_never_below_nothing(steps: list[tuple[float, int]]) -> None:
    window, at, total = Window[float](5), 0.0, 0
    for seconds, events in steps:
        at, total = at + seconds, total + events
        window.add(at, total)
    assert (rate(window) or 0) >= 0


def test_workers_are_summed_up_each_by_its_own_clock() -> None:
    board = IngestBoard()
    figures = board.figures({"a": WorkerStatus(100, 1000, lag=5), "b": WorkerStatus(90, 0, lag=2, posts=70)})
    assert figures == (2, None, 7, 70)
    figures = board.figures({"a": WorkerStatus(102, 1100, lag=0, posts=90), "b": WorkerStatus(91, 10, lag=0, posts=80)})
    assert figures == (2, 60, 0, 90)


def test_an_ended_worker_and_a_new_one_do_not_count() -> None:
    board = IngestBoard()
    board.figures({"a": WorkerStatus(100, 1000)})
    assert board.figures({"a": WorkerStatus(101, 1010), "b": WorkerStatus(101, 500)}).events_per_second == 10
    assert board.figures({"b": WorkerStatus(102, 520)}) == (1, 20, None, None)
    assert board.figures({}) == (0, None, None, None)


def test_serving_figures_are_those_of_the_last_seconds() -> None:
    board = ServingBoard(BOUNDS)
    assert board.figures(Served((1000, 0, 0, 0), 9999), 10) == (None, None, None, None)
    assert board.figures(Served((1000, 9, 0, 1), 10_099), 12) == (5, 50, 6.0, 100.0)


def test_a_server_without_requests_has_no_latency() -> None:
    board = ServingBoard(BOUNDS)
    board.figures(Served((5, 0, 0, 0), 50), 10)
    assert board.figures(Served((5, 0, 0, 0), 50), 11) == (0, 0, None, None)


@pytest.mark.parametrize(
    ("counts", "share", "expected"),
    [
        ((0, 0, 0, 0), 0.5, None),
        ((10, 0, 0, 0), 0.5, 0.0005),
        ((0, 10, 0, 0), 1.0, 0.01),
        ((0, 0, 0, 4), 0.5, 0.1),
        ((5, 0, 5, 0), 0.5, 0.001),
        ((5, 0, 5, 0), 0.9, 0.082),
    ],
)
def test_a_quantile_lies_in_its_bucket(counts: tuple[int, ...], share: float, expected: float | None) -> None:
    found = quantile(BOUNDS, counts, share)
    assert found == expected or (found and expected and abs(found - expected) < 1e-9)


@given(st.lists(st.integers(0, 50), min_size=4, max_size=4), st.floats(0.01, 1), st.floats(0.01, 1))
def test_a_larger_share_has_no_smaller_quantile(counts: list[int], one: float, other: float) -> None:
    low, high = (quantile(BOUNDS, counts, share) for share in sorted((one, other)))
    assert (low is None) == (sum(counts) == 0) == (high is None)
    assert (low or 0) <= (high or 0) <= BOUNDS[-1]
