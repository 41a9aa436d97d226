import threading
from concurrent.futures import ThreadPoolExecutor

from ingest.write_limiter import WriteLimiter
from tests.support.wait import eventually


def crowd(limiter: WriteLimiter, size: int, catching_up: bool) -> int:
    """Number of threads, of `size` ones, that write at once."""
    writing: list[int] = []
    waiting: list[int] = []
    done = threading.Event()

    def write(number: int) -> None:
        waiting.append(number)
        with limiter.slot(catching_up):
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


def test_writes_at_once_are_bounded_after_catch_up() -> None:
    assert crowd(WriteLimiter(3), size=6, catching_up=False) == 3


def test_a_limiter_tells_whether_a_batch_is_written() -> None:
    limiter = WriteLimiter(2)
    assert not limiter.is_writing
    with limiter.slot(catching_up=True):
        assert not limiter.is_writing
    with limiter.slot(catching_up=False), limiter.slot(catching_up=False):
        assert limiter.is_writing
    assert not limiter.is_writing


def test_writes_are_not_bounded_while_catching_up() -> None:
    limiter = WriteLimiter(1)
    with limiter.slot(catching_up=False), limiter.slot(catching_up=True), limiter.slot(catching_up=True):
        pass
