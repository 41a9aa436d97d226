import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thunder.plan.reads import masters_touched, reaching_share, read_shape


def test_shape_is_that_of_the_standard_store() -> None:
    shape = read_shape(200, 1200, 1, 50)
    measured = (208, 2800, 219)
    assert (shape.lists, shape.entries, shape.records) == pytest.approx(measured, rel=0.02)


def test_short_lists_end_the_answer() -> None:
    shape = read_shape(100, 1200, 1, 2)
    assert (shape.results, shape.entries) == pytest.approx((180, 200), rel=0.01)


def test_wide_requests_are_read_in_parts() -> None:
    assert read_shape(1000, 1200, 1).pipelines == 5


@given(st.floats(0.01, 100), st.integers(1, 100))
def test_share_of_authors_is_that_of_poisson(mean: float, depth: int) -> None:
    fewer = sum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(depth))
    assert reaching_share(mean, depth) == pytest.approx(max(0.0, 1 - fewer), abs=1e-9)


@given(st.integers(1, 1000), st.integers(1, 1000))
def test_keys_touch_no_more_masters_than_there_are(masters: int, keys: int) -> None:
    touched = masters_touched(masters, keys)
    assert 0 < touched <= min(masters, keys) + 1e-9
    assert masters_touched(masters, keys + 1) >= touched
    assert masters_touched(masters + 1, keys) >= touched - 1e-9
