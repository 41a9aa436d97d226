from ingest.batch import Message, decode_batch
from ingest.events import EventKind, Ignored, MalformedReason, PostDelete
from tests.support.fakes.memory_ports import DIGITS

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
    (reject,) = batch.rejects
    assert (reject.message, reject.reason) == (MESSAGES[1], MalformedReason.BAD_WIRE)
    assert reject.detail == "bad_wire: not a number"


def test_a_null_payload_is_ignored_without_asking_the_decoder() -> None:
    batch = decode_batch([Message(0, 0, None)], DIGITS, now=0)
    assert batch.outcomes == [Ignored(EventKind.NULL_PAYLOAD)]


def test_an_empty_payload_is_for_the_decoder_to_judge() -> None:
    assert decode_batch([Message(0, 0, b"")], DIGITS, now=0).rejects


def test_messages_of_lost_partitions_are_left_out_with_their_outcomes() -> None:
    batch = decode_batch(MESSAGES, DIGITS, now=99).without({0})
    assert batch.messages == MESSAGES[2:4]
    assert batch.events == []
    assert batch.rejects == []
