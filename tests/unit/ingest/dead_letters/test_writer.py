import hashlib

import pytest

from ingest.batch import DeadLetter, Message
from ingest.dead_letters.writer import DeadLetterLog, dead_letter_record
from ingest.events import MalformedReason


def letter_of(payload: bytes) -> DeadLetter:
    return DeadLetter(Message(3, 14, payload), MalformedReason.BAD_WIRE, "bad_wire: no event")


def test_headers_hold_place_reason_size_and_hash() -> None:
    letter = dead_letter_record("posts", letter_of(b"junk"))
    assert letter.value == b"junk"
    assert letter.headers == {
        "topic": "posts",
        "partition": "3",
        "offset": "14",
        "reason": "bad_wire",
        "detail": "bad_wire: no event",
        "size": "4",
        "sha256": hashlib.sha256(b"junk").hexdigest(),
    }


def test_a_payload_is_cut_at_64_kb_its_size_and_hash_are_not() -> None:
    payload = bytes(range(256)) * 4000
    letter = dead_letter_record("posts", letter_of(payload))
    assert letter.value == payload[:64_000]
    assert letter.headers["size"] == "1024000"
    assert letter.headers["sha256"] == hashlib.sha256(payload).hexdigest()


def letters(*offsets: int) -> list[DeadLetter]:
    return [
        DeadLetter(Message(3, offset, b"\x00\xff"), MalformedReason.TRUNCATED, "truncated: x") for offset in offsets
    ]


def test_one_log_line_per_interval_counts_the_others(caplog: pytest.LogCaptureFixture) -> None:
    log = DeadLetterLog("posts", interval_seconds=10)
    log.note(letters(1, 2, 3), now=0)
    log.note(letters(4, 5), now=5)
    log.note(letters(6), now=10)
    first, second = (record.getMessage() for record in caplog.records)
    assert first == (
        "Failed to parse Kafka message: topic posts partition 3 offset 1: truncated: x; 2 bytes, first ones 00ff "
        "(and 2 more since the last such line)"
    )
    assert "offset 6" in second
    assert second.endswith("(and 2 more since the last such line)")


def test_batches_without_dead_letters_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    DeadLetterLog("posts").note([], now=0)
    assert not caplog.records
