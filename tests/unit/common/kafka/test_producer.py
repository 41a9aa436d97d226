from confluent_kafka import KafkaError, Message

from common.kafka.producer import Receipt


def delivered(partition: int, offset: int) -> "Message[bytes, bytes]":
    return Message("posts", partition, offset)


def receipt(awaited: int) -> Receipt:
    receipt = Receipt()
    receipt.in_flight = awaited
    return receipt


def test_receipt_knows_latest_offsets_and_pending() -> None:
    of_four = receipt(4)
    for message in (delivered(0, 5), delivered(1, 2), delivered(0, 6)):
        of_four(None, message)
    assert (of_four.offsets, of_four.in_flight, of_four.failure) == ({0: 6, 1: 2}, 1, None)


def test_first_failure_is_kept() -> None:
    of_three, first, second = receipt(3), KafkaError(KafkaError._MSG_TIMED_OUT), KafkaError(KafkaError._TRANSPORT)
    of_three(None, delivered(0, 5))
    of_three(first, delivered(0, 6))
    of_three(second, delivered(0, 7))
    assert (of_three.offsets, of_three.in_flight, of_three.failure) == ({0: 5}, 0, first)
