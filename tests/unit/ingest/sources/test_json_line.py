import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sources.json_line import BadLine, parse_object


@given(st.integers(-(10**100), 10**100))
def test_a_whole_number_keeps_every_digit(number: int) -> None:
    assert parse_object(json.dumps({"n": number})) == {"n": number}


@given(
    st.decimals(allow_nan=False, allow_infinity=False).filter(lambda number: "E" in str(number) or "." in str(number))
)
def test_a_number_with_a_fraction_or_an_exponent_is_a_decimal(number: Decimal) -> None:
    read = parse_object(f'{{"n": {number}}}')["n"]

    assert isinstance(read, Decimal)
    assert read.as_tuple() == number.as_tuple()


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "1e" + "9" * 30])
def test_what_is_no_number_costs_the_line(constant: str) -> None:
    with pytest.raises(BadLine):
        parse_object(f'{{"n": {constant}}}')
