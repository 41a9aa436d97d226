from concurrent.futures import ThreadPoolExecutor

import pytest

from ingest.sources.producer.delivery_reports import DeliveryReports, OnDelivery, ProducerClosed
from ingest.sources.producer.outgoing import DeliveryFailure, DeliveryReport, OutgoingMessage
from tests.support.wait import eventually


def ignore(item: int, failure: DeliveryFailure | None) -> None:
    pass


def reports(size: int, on_delivery: OnDelivery[int] = ignore) -> DeliveryReports[int]:
    return DeliveryReports(size, on_delivery, lambda error: None)


def acknowledged(*items: int) -> DeliveryReport[int]:
    return DeliveryReport(OutgoingMessage("posts", 0, None, b"value", items), None)


def test_an_event_takes_up_room_until_it_is_settled() -> None:
    queue = reports(2)
    assert [queue.admit() for _ in range(3)] == [True, True, False]
    queue.settle([acknowledged(1)])
    assert queue.admit()
    assert queue.figures.queued == 2


def test_room_can_be_waited_for() -> None:
    queue = reports(1)
    queue.admit()
    with ThreadPoolExecutor(1) as source:
        waiting = source.submit(queue.admit, 30)
        queue.settle([acknowledged(1)])
        assert waiting.result(30)


def test_waiting_for_room_ends_in_time() -> None:
    queue = reports(1)
    queue.admit()
    assert not queue.admit(0.01)


def test_a_closed_queue_admits_nothing_more() -> None:
    queue = reports(10)
    queue.admit()
    queue.close()
    with pytest.raises(ProducerClosed):
        queue.admit()
    assert not queue.is_finished
    queue.settle([acknowledged(1)])
    assert queue.is_finished


def test_closing_ends_a_wait_for_room() -> None:
    queue = reports(1)
    queue.admit()
    with ThreadPoolExecutor(1) as source:
        waiting = source.submit(queue.admit, 30)
        eventually(waiting.running, "the source waits")
        queue.close()
        with pytest.raises(ProducerClosed):
            waiting.result(30)


def test_all_is_settled_when_every_event_is_reported() -> None:
    queue = reports(10)
    assert queue.wait_until_settled(0)
    for _ in range(3):
        queue.admit()
    queue.settle([acknowledged(1, 2)])
    assert not queue.wait_until_settled(0)
    queue.settle([acknowledged(3)])
    assert queue.wait_until_settled(0)


def test_each_item_of_a_message_is_reported_in_order() -> None:
    seen: list[tuple[int, DeliveryFailure | None]] = []
    queue = reports(10, lambda item, failure: seen.append((item, failure)))
    failure = DeliveryFailure("too large")
    queue.settle([acknowledged(1, 2), acknowledged(3)._replace(failure=failure)])
    assert seen == [(1, None), (2, None), (3, failure)]
    figures = queue.figures
    assert (figures.produced, figures.failed, figures.messages, figures.bytes) == (2, 1, 1, 5)
