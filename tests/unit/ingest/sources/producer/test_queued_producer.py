import logging
from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor

import pytest

from common.errors import KafkaRefused
from common.settings.producer import ProducerSettings
from ingest.sources.producer.delivery_reports import ProducerClosed, ProducerFigures
from ingest.sources.producer.outgoing import Addressed, DeliveryFailure, DeliveryReport, OutgoingMessage
from ingest.sources.producer.queued_producer import QueuedProducer, QueueFull
from tests.support.fakes.memory_brokers import MemoryBrokers
from tests.support.wait import eventually

Start = Callable[..., QueuedProducer[str]]


class Deliveries:
    """The report of each item."""

    def __init__(self) -> None:
        self.reported: list[tuple[str, DeliveryFailure | None]] = []

    def __call__(self, item: str, failure: DeliveryFailure | None) -> None:
        self.reported.append((item, failure))

    @property
    def failed(self) -> dict[str, str]:
        return {item: failure.reason for item, failure in self.reported if failure is not None}


@pytest.fixture
def brokers() -> MemoryBrokers[str]:
    return MemoryBrokers(posts=2)


@pytest.fixture
def deliveries() -> Deliveries:
    return Deliveries()


@pytest.fixture
def start(brokers: MemoryBrokers[str], deliveries: Deliveries) -> Generator[Start]:
    started: list[QueuedProducer[str]] = []

    def start(
        topic: str = "posts", on_delivery: Callable[..., object] = deliveries, **settings: object
    ) -> QueuedProducer[str]:
        def address(item: str) -> Addressed:
            return Addressed(topic, item.encode(), item.encode())

        producer = QueuedProducer(ProducerSettings.model_validate(settings), address, on_delivery, brokers)
        started.append(producer)
        return producer

    yield start
    brokers.answer()
    assert all(producer.figures().queued == 0 for producer in started)


def test_each_item_is_reported_once_acknowledged(start: Start, deliveries: Deliveries) -> None:
    producer = start()
    assert [producer.put(item) for item in ("a", "b", "c")] == [True, True, True]
    producer.close(30)
    assert Counter(deliveries.reported) == Counter([("a", None), ("b", None), ("c", None)])
    assert producer.figures() == ProducerFigures(queued=0, produced=3, failed=0, dropped=0, messages=3, bytes=6)


def test_a_full_queue_blocks_the_source_by_default(start: Start, brokers: MemoryBrokers[str]) -> None:
    brokers.fall_silent()
    producer = start(queue_size=2)
    with ThreadPoolExecutor(1) as source:
        taken = source.submit(lambda: [producer.put(item) for item in "abcd"])
        eventually(lambda: producer.figures().queued == 2, "the queue is full")
        assert not taken.done()
        brokers.answer()
        assert taken.result(30) == [True] * 4
    producer.close(30)
    assert producer.figures().produced == 4


def test_a_full_queue_may_drop_events_with_a_warning(
    start: Start, brokers: MemoryBrokers[str], deliveries: Deliveries, caplog: pytest.LogCaptureFixture
) -> None:
    brokers.fall_silent()
    producer = start(queue_size=2, when_full="drop")
    with caplog.at_level(logging.WARNING):
        assert [producer.put(item) for item in "abcd"] == [True, True, False, False]
    brokers.answer()
    producer.close(30)
    assert {item for item, _ in deliveries.reported} == {"a", "b"}
    figures = producer.figures()
    assert (figures.produced, figures.dropped) == (2, 2)
    assert [record.message for record in caplog.records] == ["The queue is full; events dropped so far: 1"]


def test_a_full_queue_may_be_an_error(start: Start, brokers: MemoryBrokers[str]) -> None:
    brokers.fall_silent()
    producer = start(queue_size=1, when_full="fail")
    producer.put("a")
    with pytest.raises(QueueFull):
        producer.put("b")
    brokers.answer()
    producer.close(30)


def test_failed_delivery_is_reported_counted_and_logged(
    start: Start, brokers: MemoryBrokers[str], deliveries: Deliveries, caplog: pytest.LogCaptureFixture
) -> None:
    brokers.failure = DeliveryFailure("too large")
    producer = start()
    producer.put("a")
    producer.close(30)
    assert deliveries.failed == {"a": "too large"}
    assert (producer.figures().failed, producer.figures().produced) == (1, 0)
    assert "Events not delivered so far: 1; the latest to posts: too large" in caplog.text


def test_closing_sends_what_is_queued(start: Start, brokers: MemoryBrokers[str]) -> None:
    brokers.fall_silent()
    producer = start()
    producer.put("a")
    with ThreadPoolExecutor(1) as closing:
        closed = closing.submit(producer.close, 30)
        eventually(lambda: brokers.unanswered == 1, "the message is sent")
        assert not closed.done()
        brokers.answer()
        closed.result(30)
    assert producer.figures().produced == 1
    assert brokers.closed


@pytest.mark.parametrize("settings", [{}, {"sending": "sync"}, {"events_per_message": 10}])
def test_closing_gives_up_in_time(
    start: Start, brokers: MemoryBrokers[str], deliveries: Deliveries, settings: dict[str, object]
) -> None:
    brokers.fall_silent()
    producer = start(**settings)
    for item in "abc":
        producer.put(item)
    producer.close(0.1)
    assert set(deliveries.failed) == {"a", "b", "c"}
    assert producer.figures().failed == 3


def test_closing_ends_a_put_that_waits_for_room(start: Start, brokers: MemoryBrokers[str]) -> None:
    brokers.fall_silent()
    producer = start(queue_size=1)
    producer.put("a")
    with ThreadPoolExecutor(1) as source:
        waiting = source.submit(producer.put, "b")
        eventually(waiting.running, "the source waits")
        producer.close(0.1)
        with pytest.raises(ProducerClosed):
            waiting.result(30)


def test_a_refusal_surfaces_at_put_and_close(start: Start, brokers: MemoryBrokers[str]) -> None:
    producer = start()
    producer.put("a")
    brokers.refused = True
    with pytest.raises(KafkaRefused):
        producer.put("b")
    with pytest.raises(KafkaRefused):
        producer.close(30)
    assert producer.figures().produced == 1


def test_a_refusal_ends_a_put_that_waits_for_room(start: Start, brokers: MemoryBrokers[str]) -> None:
    brokers.fall_silent()
    producer = start(queue_size=1)
    producer.put("a")
    with ThreadPoolExecutor(1) as source:
        waiting = source.submit(producer.put, "b")
        brokers.refused = True
        with pytest.raises(KafkaRefused):
            waiting.result(30)
    with pytest.raises(KafkaRefused):
        producer.close(0.1)


def test_an_error_of_the_callback_surfaces(start: Start) -> None:
    def fail(item: str, _: object) -> None:
        raise ValueError(item)

    producer = start(on_delivery=fail)
    producer.put("a")
    eventually(lambda: producer.figures().produced == 1, "the first is settled")
    with pytest.raises(ValueError, match="a"):
        producer.put("b")
    with pytest.raises(ValueError, match="a"):
        producer.close(30)


class BrokenBrokers(MemoryBrokers[str]):
    """Have a bug, either where messages are sent or where their reports are collected."""

    def __init__(self, broken: str) -> None:
        super().__init__(posts=1)
        self._broken = broken

    def send(self, message: OutgoingMessage[str]) -> None:
        if self._broken == "send":
            raise ZeroDivisionError(message.topic)
        super().send(message)

    def poll(self, client: int, seconds: float, *, hurry: bool) -> list[DeliveryReport[str]]:
        reports = super().poll(client, seconds, hurry=hurry)
        if self._broken == "poll" and reports:
            raise ZeroDivisionError(client)
        return reports


@pytest.mark.parametrize(("broken", "events_per_message"), [("poll", 1), ("poll", 2), ("send", 2)])
def test_a_bug_surfaces_at_put_and_does_not_delay_close(
    deliveries: Deliveries,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    broken: str,
    events_per_message: int,
) -> None:
    monkeypatch.setattr("ingest.sources.producer.queued_producer._GIVE_UP_SECONDS", 0.1)
    producer = QueuedProducer(
        ProducerSettings(events_per_message=events_per_message, linger_ms=0),
        lambda item: Addressed("posts", item.encode(), b""),
        deliveries,
        BrokenBrokers(broken),
    )

    def surfaces() -> bool:
        try:
            producer.put("a")
        except ZeroDivisionError:
            return True
        return False

    eventually(surfaces, "the failure surfaces")
    with pytest.raises(ZeroDivisionError):
        producer.close(0.1)
    assert "events unconfirmed at shutdown" in caplog.text


def test_sync_workers_wait_for_each_acknowledgement(start: Start, brokers: MemoryBrokers[str]) -> None:
    brokers.fall_silent()
    producer = start(sending="sync", producer_workers=2)
    for number in range(20):
        producer.put(str(number))
    eventually(lambda: brokers.unanswered == 2, "a message of each worker is on its way")
    brokers.answer()
    producer.close(30)
    assert producer.figures().messages == 20


def test_the_key_decides_the_partition_of_a_single_event(start: Start, brokers: MemoryBrokers[str]) -> None:
    producer = start()
    producer.put("7")
    producer.close(30)
    (arrived,) = [message for messages in brokers.arrived.values() for message in messages]
    assert arrived == OutgoingMessage("posts", None, b"7", b"7", ("7",))


def test_a_bug_in_sending_surfaces_at_the_same_put(
    deliveries: Deliveries, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ingest.sources.producer.queued_producer._GIVE_UP_SECONDS", 0.1)
    producer = QueuedProducer(
        ProducerSettings(), lambda item: Addressed("posts", item.encode(), b""), deliveries, BrokenBrokers("send")
    )
    with pytest.raises(ZeroDivisionError):
        producer.put("a")
    producer.close(0.1)
    assert "1 events unconfirmed at shutdown" in caplog.text


def test_many_events_share_a_message_when_they_may(start: Start, brokers: MemoryBrokers[str]) -> None:
    producer = start(events_per_message=1000, linger_ms=60_000)
    for number in range(100):
        producer.put(str(number))
    producer.close(30)
    assert [len(brokers.arrived["posts", partition]) for partition in (0, 1)] == [1, 1]
    assert (producer.figures().produced, producer.figures().messages) == (100, 2)


def test_an_envelope_waits_no_longer_than_the_linger(start: Start) -> None:
    producer = start(events_per_message=1000, linger_ms=1)
    producer.put("a")
    eventually(lambda: producer.figures().produced == 1, "it is sent though nothing follows")
    producer.close(30)


def test_a_missing_topic_is_waited_for(start: Start, brokers: MemoryBrokers[str]) -> None:
    producer = start(topic="late", events_per_message=10)
    producer.put("a")
    brokers.topics["late"] = 1
    producer.close(30)
    assert brokers.items("late") == ["a"]


def test_closing_gives_up_events_of_a_missing_topic(start: Start, deliveries: Deliveries) -> None:
    producer = start(topic="never", events_per_message=10)
    producer.put("a")
    producer.put("b")
    producer.close(0.1)
    assert deliveries.failed.keys() == {"a", "b"}
