from itertools import cycle, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.settings.kafka import KafkaSettings
from ingest.dead_letters.limits import DeadLetterLimits, DeadLetterLimitState
from ingest.wiring import policies_of

SMALL = DeadLetterLimits(consecutive=10, window=100, share=0.5)


def test_fewer_bad_messages_in_a_row_than_the_limit_are_allowed() -> None:
    count = DeadLetterLimitState(SMALL)
    count.did_read(malformed=True, count=9)
    count.did_read(malformed=False)
    count.did_read(malformed=True, count=9)
    assert count.should_stop is None


def test_a_row_of_bad_messages_stops_the_worker() -> None:
    count = DeadLetterLimitState(SMALL)
    count.did_read(malformed=False)
    count.did_read(malformed=True, count=9)
    assert count.should_stop is None
    count.did_read(malformed=True)
    assert count.should_stop == "10 messages in a row are malformed (limit 10)"


def test_a_limit_that_was_passed_stays_passed() -> None:
    count = DeadLetterLimitState(SMALL)
    count.did_read(malformed=True, count=10)
    count.did_read(malformed=False, count=1000)
    assert count.should_stop


def test_more_than_half_of_a_full_window_stops_the_worker() -> None:
    count = DeadLetterLimitState(SMALL)
    for malformed in islice(cycle((True, True, False)), 99):
        count.did_read(malformed)
    assert count.should_stop is None, "the window is not full yet"
    count.did_read(malformed=True)
    assert count.should_stop == "67 of the last 100 messages are malformed (limit 50%)"


def test_just_half_is_always_allowed() -> None:
    count = DeadLetterLimitState(SMALL)
    for malformed in islice(cycle((True, False)), 1000):
        count.did_read(malformed)
    assert count.should_stop is None


def test_what_left_the_window_no_longer_counts() -> None:
    count = DeadLetterLimitState(DeadLetterLimits(consecutive=1000, window=100, share=0.5))
    count.did_read(malformed=True, count=50)
    count.did_read(malformed=False, count=80)
    count.did_read(malformed=True, count=30)
    assert count.should_stop is None, "20 old and 30 new ones of the last 100"
    count.did_read(malformed=True, count=1)
    assert count.should_stop is None, "one came, one left"


@pytest.mark.parametrize("malformed", [True, False])
def test_default_limits_are_those_of_the_contract(malformed: bool) -> None:
    count = DeadLetterLimitState(policies_of(KafkaSettings(kafka_group_id="g")).dead_letter_limits)
    count.did_read(malformed, 9_999)
    assert count.should_stop is None
    count.did_read(malformed, 1)
    assert (count.should_stop is not None) == malformed


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 12)), max_size=30))
def test_runs_count_like_single_messages(runs: list[tuple[bool, int]]) -> None:
    count = DeadLetterLimitState(DeadLetterLimits(consecutive=17, window=25, share=0.6))
    read: list[bool] = []
    passed = False
    for malformed, length in runs:
        count.did_read(malformed, length)
        read += [malformed] * length
        in_a_row = next((at for at, bad in enumerate(reversed(read)) if not bad), len(read))
        passed |= in_a_row >= 17 or (len(read) >= 25 and sum(read[-25:]) > 15)
        assert (count.should_stop is not None) == passed
