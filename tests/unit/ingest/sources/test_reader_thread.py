import threading
from collections.abc import Generator

import pytest

from common.lifecycle import Stop
from ingest.sources.reader_thread import Silence, read_in_thread
from tests.support.wait import eventually


def never() -> bool:
    return False


class Stream:
    """Yields numbers, then waits for a signal. Remembers which threads opened and closed it."""

    def __init__(self, count: int, then: Exception | None = None) -> None:
        self.goes_on = threading.Event()
        self.is_abandoned = threading.Event()
        self.opened_by = ""
        self.closed_by = ""
        self._count = count
        self._then = then

    def open(self, abandoned: Stop) -> Generator[int]:
        abandoned.call_when_set(self.is_abandoned.set)
        self.opened_by = threading.current_thread().name
        try:
            yield from range(self._count)
            self.goes_on.wait()
            if self._then is not None:
                raise self._then
        finally:
            self.closed_by = threading.current_thread().name


def test_it_gives_what_the_stream_gives_and_ends_with_it() -> None:
    stream = Stream(5000)
    stream.goes_on.set()

    assert list(read_in_thread(stream.open, 10, never)) == list(range(5000))
    assert stream.opened_by == stream.closed_by == "source connection"


def test_an_error_of_the_stream_comes_after_its_items() -> None:
    stream = Stream(3, then=OSError("lost"))
    stream.goes_on.set()
    read: list[int] = []

    with pytest.raises(OSError, match="lost"):
        read.extend(read_in_thread(stream.open, 10, never))
    assert read == [0, 1, 2]


def test_silence_is_what_one_waits_for_in_vain() -> None:
    stream = Stream(2)
    items = read_in_thread(stream.open, 0.2, never)

    assert [next(items), next(items)] == [0, 1]
    assert not stream.is_abandoned.is_set()
    with pytest.raises(Silence):
        next(items)
    assert stream.is_abandoned.is_set()
    stream.goes_on.set()


def test_pauses_do_not_add_up_to_a_silence() -> None:
    def with_pauses(_: Stop) -> Generator[int]:
        for number in range(4):
            threading.Event().wait(0.15)
            yield number

    assert list(read_in_thread(with_pauses, 0.35, never)) == [0, 1, 2, 3]


def test_a_stopped_reader_ends_though_the_stream_waits() -> None:
    stream = Stream(2)
    is_told = threading.Event()
    items = read_in_thread(stream.open, 60, is_told.is_set)
    assert [next(items), next(items)] == [0, 1]

    is_told.set()

    assert list(items) == []
    assert stream.is_abandoned.is_set()
    assert not stream.closed_by
    stream.goes_on.set()
    eventually(lambda: stream.closed_by, "the thread closes the stream", timeout=5)


@pytest.mark.parametrize("count", [10, 10**12], ids=["waiting for an item", "waiting for room"])
def test_left_alone_the_thread_ends(count: int) -> None:
    stream = Stream(count)
    items = read_in_thread(stream.open, 60, never)
    assert next(items) == 0

    del items
    stream.goes_on.set()

    eventually(lambda: stream.closed_by, "the thread closes the stream", timeout=5)
