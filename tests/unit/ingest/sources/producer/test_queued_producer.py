import logging
from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from common.errors import KafkaRefused
from common.settings.producer import ProducerSettings
from ingest.sources.producer.figures import ProducerFigures
from ingest.sources.producer.lanes import ProducerClosed
from ingest.sources.producer.parcel import Addressed, DeliveryFailure, OutgoingMessage
from ingest.sources.producer.queued_producer import QueuedProducer, QueueFull
from tests.support.fakes.memory_brokers import MemoryBrokers
from tests.support.wait import eventually

Start = Callable[..., QueuedProducer[str]]


class Deliveries:
    """What the producer said of each item."""

    def __init__(self) -> None:
        self.told: list[tuple[str, DeliveryFailure | None]] = []

    def __call__(self, item: str, failure: DeliveryFailure | None) -> None:
        self.told.append((item, failure))

    @property
    def failed(self) -> dict[str, str]:
        return {item: failure.reason for item, failure in self.told if failure is not None}


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


def test_each_item_is_told_of_once_it_is_acknowledged(start: Start, deliveries: Deliveries) -> None:
    producer = start()
    assert [producer.put(item) for item in ("a", "b", "c")] == [True, True, True]
    producer.close(30)
    assert Counter(deliveries.told) == Counter([("a", None), ("b", None), ("c", None)])
    assert producer.figures() == ProducerFigures(queued=0, produced=3, failed=0, dropped=0, messages=3, bytes=6)


def test_a_full_queue_makes_the_source_wait_by_default(start: Start, brokers: MemoryBrokers[str]) -> None:
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


def test_a_full_queue_may_drop_what_comes_and_says_so(
    start: Start, brokers: MemoryBrokers[str], deliveries: Deliveries, caplog: pytest.LogCaptureFixture
) -> None:
    brokers.fall_silent()
    producer = start(queue_size=2, when_full="drop")
    with caplog.at_level(logging.WARNING):
        assert [producer.put(item) for item in "abcd"] == [True, True, False, False]
    brokers.answer()
    producer.close(30)
    assert {item for item, _ in deliveries.told} == {"a", "b"}
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


def test_what_cannot_be_delivered_is_told_counted_and_logged(
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
def test_closing_gives_up_in_time_what_is_not_acknowledged(
    start: Start, brokers: MemoryBrokers[str], deliveries: Deliveries, settings: dict[str, object]
) -> None:
    brokers.fall_silent()
    producer = start(**settings)
    for item in "abc":
        producer.put(item)
    producer.close(0.1)
    assert set(deliveries.failed) == {"a", "b", "c"}
    assert producer.figures().failed == 3


def test_a_source_that_waits_for_room_is_let_go_by_closing(start: Start, brokers: MemoryBrokers[str]) -> None:
    brokers.fall_silent()
    producer = start(queue_size=1)
    producer.put("a")
    with ThreadPoolExecutor(1) as source:
        waiting = source.submit(producer.put, "b")
        eventually(waiting.running, "the source waits")
        producer.close(0.1)
        with pytest.raises(ProducerClosed):
            waiting.result(30)


def test_a_refusal_surfaces_at_the_next_put_and_at_close(start: Start, brokers: MemoryBrokers[str]) -> None:
    producer = start()
    producer.put("a")
    brokers.refused = True
    with pytest.raises(KafkaRefused):
        producer.put("b")
    with pytest.raises(KafkaRefused):
        producer.close(30)
    assert producer.figures().produced == 1


def test_a_refusal_lets_a_waiting_source_go(start: Start, brokers: MemoryBrokers[str]) -> None:
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


def test_callback_error_surfaces_and_later_items_are_settled(start: Start) -> None:
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
    """Have a bug."""

    def send(self, parcel: OutgoingMessage[str], settled: Event | None) -> None:
        raise ZeroDivisionError(parcel.topic)


def test_dead_thread_surfaces_at_put(
    deliveries: Deliveries, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ingest.sources.producer.dispatch._GIVING_UP_SECONDS", 0.1)
    producer = QueuedProducer(
        ProducerSettings(), lambda item: Addressed("posts", item.encode(), b""), deliveries, BrokenBrokers(posts=1)
    )
    producer.put("a")

    def surfaces() -> bool:
        try:
            producer.put("b")
        except ZeroDivisionError:
            return True
        return False

    eventually(surfaces, "the failure of the worker surfaces")
    with pytest.raises(ZeroDivisionError):
        producer.close(0.1)
    assert "Ending without knowing what became of" in caplog.text


def test_sync_sending_waits_for_each_acknowledgement(start: Start, brokers: MemoryBrokers[str]) -> None:
    brokers.fall_silent()
    producer = start(sending="sync", producer_workers=2)
    for number in range(20):
        producer.put(str(number))
    eventually(lambda: brokers.unanswered == 2, "a message of each worker is on its way")
    brokers.answer()
    producer.close(30)
    assert producer.figures().messages == 20


def test_many_events_share_a_message_when_they_may(start: Start, brokers: MemoryBrokers[str]) -> None:
    producer = start(events_per_message=1000, linger_ms=60_000)
    for number in range(100):
        producer.put(str(number))
    producer.close(30)
    assert [len(brokers.arrived["posts", partition]) for partition in (0, 1)] == [1, 1]
    assert (producer.figures().produced, producer.figures().messages) == (100, 2)


def test_envelope_is_sent_after_the_linger(start: Start) -> None:
    producer = start(events_per_message=1000, linger_ms=1)
    producer.put("a")
    eventually(lambda: producer.figures().produced == 1, "it is sent though nothing follows")
    producer.close(30)


def test_a_topic_that_is_not_there_is_waited_for(start: Start, brokers: MemoryBrokers[str]) -> None:
    producer = start(topic="late", events_per_message=10)
    producer.put("a")
    brokers.topics["late"] = 1
    producer.close(30)
    assert brokers.items("late") == ["a"]


def test_close_gives_up_a_topic_that_never_comes(start: Start, deliveries: Deliveries) -> None:
    producer = start(topic="never", events_per_message=10)
    producer.put("a")
    producer.put("b")
    producer.close(0.1)
    assert deliveries.failed.keys() == {"a", "b"}
