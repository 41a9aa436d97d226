import pytest

from ingest.batch import Message, Reject
from ingest.dead_letters.writer import RejectLog
from ingest.events import MalformedReason


def rejects(*offsets: int) -> list[Reject]:
    return [Reject(Message(3, offset, b"\x00\xff"), MalformedReason.TRUNCATED, "truncated: x") for offset in offsets]


def test_one_line_per_interval_tells_how_many_there_were(caplog: pytest.LogCaptureFixture) -> None:
    log = RejectLog("posts", interval_seconds=10)
    log.rejected(rejects(1, 2, 3), now=0)
    log.rejected(rejects(4, 5), now=5)
    log.rejected(rejects(6), now=10)
    first, second = (record.getMessage() for record in caplog.records)
    assert first == (
        "Failed to parse Kafka message: topic posts partition 3 offset 1: truncated: x; 2 bytes, first ones 00ff "
        "(and 2 more since the last such line)"
    )
    assert "offset 6" in second
    assert second.endswith("(and 2 more since the last such line)")


def test_good_batches_are_not_mentioned(caplog: pytest.LogCaptureFixture) -> None:
    RejectLog("posts").rejected([], now=0)
    assert not caplog.records
