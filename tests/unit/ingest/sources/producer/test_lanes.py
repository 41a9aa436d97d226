from concurrent.futures import ThreadPoolExecutor

import pytest

from ingest.sources.producer.lanes import ProducerClosed, ShardedQueue
from tests.support.wait import eventually


def test_what_goes_in_a_lane_comes_out_of_it_in_order() -> None:
    lanes = ShardedQueue[str](2, 10)
    for lane, entry in ((0, "a"), (1, "b"), (0, "c")):
        assert lanes.offer(lane, entry)
    assert (lanes.take(0, None), lanes.take(1, None)) == (["a", "c"], ["b"])


def test_what_is_taken_takes_up_room_until_it_is_settled() -> None:
    lanes = ShardedQueue[int](2, 2)
    assert [lanes.offer(number % 2, number) for number in range(3)] == [True, True, False]
    assert lanes.take(0, None) == [0]
    assert not lanes.offer(0, 3)
    lanes.settle(1)
    assert lanes.offer(0, 3)
    assert lanes.unsettled == 2


def test_an_offer_can_wait_for_room() -> None:
    lanes = ShardedQueue[int](1, 1)
    lanes.offer(0, 1)
    with ThreadPoolExecutor(1) as source:
        waiting = source.submit(lanes.offer, 0, 2, 30)
        lanes.settle(len(lanes.take(0, None) or []))
        assert waiting.result(30)
    assert lanes.take(0, None) == [2]


def test_nothing_comes_out_of_an_empty_lane_in_time() -> None:
    assert ShardedQueue[int](1, 1).take(0, 0.01) == []


def test_a_closed_queue_takes_nothing_more_and_gives_what_it_has() -> None:
    lanes = ShardedQueue[int](1, 10)
    lanes.offer(0, 1)
    lanes.close()
    with pytest.raises(ProducerClosed):
        lanes.offer(0, 2)
    assert (lanes.take(0, None), lanes.take(0, None)) == ([1], None)


def test_closing_ends_every_wait() -> None:
    lanes = ShardedQueue[int](2, 1)
    lanes.offer(0, 1)
    with ThreadPoolExecutor(2) as threads:
        source, worker = threads.submit(lanes.offer, 0, 2, 30), threads.submit(lanes.take, 1, None)
        eventually(lambda: source.running() and worker.running(), "both wait")
        lanes.close()
        assert worker.result(30) is None
        with pytest.raises(ProducerClosed):
            source.result(30)


def test_settled_when_nothing_is_queued_or_in_flight() -> None:
    lanes = ShardedQueue[int](2, 10)
    assert lanes.wait_until_settled(0)
    lanes.offer(0, 1)
    lanes.offer(1, 2)
    lanes.take(0, None)
    assert lanes.clear() == [2]
    assert not lanes.wait_until_settled(0)
    lanes.settle(2)
    assert lanes.wait_until_settled(0)
