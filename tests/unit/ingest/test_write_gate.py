from concurrent.futures import ThreadPoolExecutor
from threading import Event

from ingest.loop import WriteLimiter
from tests.support.wait import eventually


def crowd(gate: WriteLimiter, size: int, catching_up: bool) -> int:
    """How many of so many threads write at once."""
    writing: list[int] = []
    waiting: list[int] = []
    done = Event()

    def write(number: int) -> None:
        waiting.append(number)
        with gate.slot(catching_up):
            writing.append(number)
            done.wait(10)

    with ThreadPoolExecutor(size) as threads:
        for number in range(size):
            threads.submit(write, number)
        eventually(lambda: len(waiting) == size, "all threads to be there")
        eventually(lambda: len(writing) >= min(size, 3), "some threads to write")
        at_once = len(writing)
        done.set()
    assert len(writing) == size
    return at_once


def test_after_catch_up_so_many_batches_are_written_at_once() -> None:
    assert crowd(WriteLimiter(3), size=6, catching_up=False) == 3


def test_while_catching_up_nobody_waits() -> None:
    gate = WriteLimiter(1)
    with gate.slot(catching_up=False), gate.slot(catching_up=True), gate.slot(catching_up=True):
        pass
