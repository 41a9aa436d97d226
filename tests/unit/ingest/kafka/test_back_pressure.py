from collections.abc import Callable
from typing import NamedTuple

import pytest

from common.errors import ClockDisagrees, KafkaUnavailable, StoreMismatch, StoreUnavailable
from common.timing import Backoff
from ingest.batch import Batch, Message, decode_batch
from ingest.events import Event
from ingest.kafka.assignment import AssignmentChanges
from ingest.kafka.back_pressure import BackPressure
from tests.support.fakes.memory_adapters import DIGITS
from tests.support.fakes.memory_topic import MemoryConsumer, MemoryTopic

BATCH = decode_batch([Message(0, 0, b"1"), Message(1, 0, b"2")], DIGITS, now=0)


class Held(NamedTuple):
    """Back pressure on a consumer, and its calls."""

    pressure: BackPressure
    consumer: MemoryConsumer
    changes: list[AssignmentChanges]
    holding: list[bool]


def held(should_stop: Callable[[], bool] = lambda: False, longest_wait: float = 5.0) -> Held:
    consumer = MemoryTopic(partitions=2).join()
    consumer.poll(1)
    consumer.take_changes()
    changes: list[AssignmentChanges] = []
    holding: list[bool] = []
    return Held(
        BackPressure(consumer, Backoff(longest_wait / 5, longest_wait), should_stop, changes.append, holding.append),
        consumer,
        changes,
        holding,
    )


class Sink:
    """Fails for as many writes, then holds what was written."""

    def __init__(self, failures: int, error: Exception, on_failure: Callable[[], object] = lambda: None) -> None:
        self._failures = failures
        self._error = error
        self._on_failure = on_failure
        self.written: list[Batch[Event]] = []

    def write(self, batch: Batch[Event]) -> None:
        if self._failures:
            self._failures -= 1
            self._on_failure()
            raise self._error
        self.written.append(batch)


def test_a_sink_that_takes_the_batch_is_not_noticed() -> None:
    subject, sink = held(), Sink(0, StoreUnavailable())
    assert subject.pressure.deliver(BATCH, sink.write) == BATCH
    assert subject.holding == subject.changes == []


@pytest.mark.parametrize("error", [StoreUnavailable(), KafkaUnavailable()])
def test_a_silent_sink_pauses_and_the_same_batch_is_tried_again(error: Exception) -> None:
    subject = held()
    paused: list[bool] = []
    sink = Sink(3, error, on_failure=lambda: paused.append(subject.consumer.paused))
    assert subject.pressure.deliver(BATCH, sink.write) == BATCH
    assert sink.written == [BATCH]
    assert paused == [False, True, True]
    assert not subject.consumer.paused
    assert subject.holding == [True, False]


def test_each_outage_holds_a_batch() -> None:
    subject = held()
    for _ in range(2):
        subject.pressure.deliver(BATCH, Sink(1, StoreUnavailable()).write)
    assert subject.holding == [True, False, True, False]


def test_messages_of_partitions_lost_meanwhile_are_not_written() -> None:
    subject = held()
    sink = Sink(1, StoreUnavailable(), on_failure=lambda: subject.consumer.rebalance(lost=[0]))
    assert subject.pressure.deliver(BATCH, sink.write) == BATCH.without({0})
    assert sink.written == [BATCH.without({0})]
    assert [changes.lost for changes in subject.changes] == [{0}]


def test_messages_of_a_returned_partition_leave_the_held_batch() -> None:
    subject = held()

    def go_and_return() -> None:
        subject.consumer.rebalance(lost=[0])
        subject.consumer.idle(0)
        subject.consumer.rebalance(gained=[0])

    sink = Sink(1, StoreUnavailable(), on_failure=go_and_return)
    assert subject.pressure.deliver(BATCH, sink.write) == BATCH.without({0})
    assert subject.changes[0].gained.keys() == {0}


def test_a_stop_gives_up_the_held_batch() -> None:
    subject, sink = held(should_stop=lambda: True), Sink(1, StoreUnavailable())
    assert subject.pressure.deliver(BATCH, sink.write) is None
    assert sink.written == []


def test_an_error_that_no_retry_cures_is_raised() -> None:
    subject = held()
    with pytest.raises(StoreMismatch):
        subject.pressure.deliver(BATCH, Sink(1, StoreMismatch()).write)


def test_the_waits_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    subject, waits = held(longest_wait=20), list[float]()
    monkeypatch.setattr(subject.consumer, "idle", waits.append)
    subject.pressure.deliver(BATCH, Sink(4, StoreUnavailable()).write)
    assert [high / 2 <= wait < high for wait, high in zip(waits, (4, 8, 16, 20), strict=True)] == [True] * 4, waits


def test_an_outage_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    subject = held()
    for _ in range(2):
        subject.pressure.deliver(BATCH, Sink(2, StoreUnavailable("Redis is away")).write)
    assert [record.getMessage() for record in caplog.records] == [
        "Paused, holding a batch of 2 messages: Redis is away",
        "Resumed: the held batch is written",
    ] * 2


def test_a_clock_that_disagrees_is_logged_elsewhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    subject = held()
    subject.pressure.deliver(BATCH, Sink(2, ClockDisagrees()).write)
    assert subject.holding == [True, False]
    assert caplog.records == []
    subject.pressure.deliver(BATCH, Sink(1, StoreUnavailable()).write)
    assert len(caplog.records) == 2
