import pytest

from common.settings.kafka import KafkaSettings
from ingest.batch import Batching, Message, batching_of, decode_batch
from ingest.events import EventKind, Ignored, MalformedReason, PostDelete
from tests.support.fakes.memory_adapters import DIGITS

DEFAULTS = batching_of(KafkaSettings(kafka_group_id="g"))
MESSAGES = [
    Message(0, 10, b"1"),
    Message(0, 11, b"bad"),
    Message(1, 50, b"-"),
    Message(1, 51, None),
    Message(0, 12, b"2"),
]


def test_one_bad_message_does_not_cost_its_batch() -> None:
    batch = decode_batch(MESSAGES, DIGITS, now=99)
    assert batch.messages == MESSAGES
    assert batch.events == [PostDelete(1, 99), PostDelete(2, 99)]
    (reject,) = batch.dead_letters
    assert (reject.message, reject.reason) == (MESSAGES[1], MalformedReason.BAD_WIRE)
    assert reject.detail == "bad_wire: not a number"


def test_a_null_payload_is_ignored_without_asking_the_decoder() -> None:
    batch = decode_batch([Message(0, 0, None)], DIGITS, now=0)
    assert batch.outcomes == [Ignored(EventKind.NULL_PAYLOAD)]


def test_an_empty_payload_is_for_the_decoder_to_judge() -> None:
    assert decode_batch([Message(0, 0, b"")], DIGITS, now=0).dead_letters


def test_messages_of_lost_partitions_are_left_out() -> None:
    batch = decode_batch(MESSAGES, DIGITS, now=99).without({0})
    assert batch.messages == MESSAGES[2:4]
    assert batch.events == []
    assert batch.dead_letters == []


def test_a_batch_is_larger_while_catching_up() -> None:
    assert DEFAULTS.wanted(catching_up=False) == 1000
    assert DEFAULTS.wanted(catching_up=True) == 5000


def test_a_batch_larger_than_the_catch_up_size_is_not_cut_by_it() -> None:
    assert DEFAULTS._replace(size=8000).wanted(catching_up=True) == 8000


def test_fewer_messages_are_wanted_when_each_holds_many_events() -> None:
    assert DEFAULTS.wanted(catching_up=False, events_per_message=100.0) == 10
    assert DEFAULTS.wanted(catching_up=True, events_per_message=10_000.0) == 1


def test_the_settings_have_the_defaults_of_the_guide() -> None:
    assert Batching(1000, 5000, fetch_timeout=1.0, linger=0.02) == DEFAULTS


@pytest.mark.parametrize(
    ("elapsed", "since_last", "catching_up", "is_writing", "expected"),
    [
        (0.0, 9.0, False, False, 0),
        (0.0, 0.001, False, False, 0.004),
        (0.0, 0.006, False, False, 0),
        (0.001, 9.0, False, True, 0.002),
        (0.019, 9.0, False, True, 0.001),
        (0.02, 0.0, False, True, 0),
        (0.02, 0.0, False, False, 0),
        (0.005, 9.0, True, False, 0.015),
        (0.021, 0.0, True, False, 0),
    ],
)
def test_messages_are_gathered_while_others_are_written(
    elapsed: float, since_last: float, catching_up: bool, is_writing: bool, expected: float
) -> None:
    seconds = DEFAULTS.gathering(elapsed, since_last, catching_up=catching_up, is_writing=is_writing)
    assert max(0.0, seconds) == pytest.approx(expected)


def test_without_a_linger_nothing_is_gathered() -> None:
    for is_writing in (True, False):
        assert DEFAULTS._replace(linger=0).gathering(0, 0, catching_up=True, is_writing=is_writing) <= 0
