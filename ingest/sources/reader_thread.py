"""Reading what blocks in a thread of its own, so that whoever listens is never stuck with it."""

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from queue import Empty, Full, Queue
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

_AHEAD = 1000  # items
_GLANCE = 0.1  # seconds between looks at the flags


class Silence(Exception):
    """Nothing was read for too long."""


class _Item(NamedTuple, Generic[T]):
    content: T


class _End(NamedTuple):
    """The thread ends. error: what reading failed with, if it did."""

    error: Exception | None


def read_in_thread(
    open_stream: Callable[[], Generator[T]], longest_silence: float, should_stop: Callable[[], bool]
) -> Iterator[T]:
    """The items of a stream, until it ends or one is told to stop, which is noticed within a moment.

    The stream is opened, read and closed by a daemon thread that runs a bounded number of items ahead. When nobody
    listens any more the thread is left alone: it ends as soon as whatever it waits for comes or times out.
    Raises what the stream raises, and Silence after longest_silence seconds of waiting for an item.
    """
    received: Queue[_Item[T] | _End] = Queue(_AHEAD)
    is_left_alone = threading.Event()
    threading.Thread(
        target=_read, args=(open_stream, received, is_left_alone), name="source connection", daemon=True
    ).start()
    try:
        yield from _take(received, longest_silence, should_stop)
    finally:
        is_left_alone.set()


def _take(received: Queue[_Item[T] | _End], longest_silence: float, should_stop: Callable[[], bool]) -> Iterator[T]:
    silence = 0.0
    while not should_stop():
        try:
            got = received.get(timeout=_GLANCE)
        except Empty:
            silence += _GLANCE
            if silence > longest_silence:
                raise Silence from None
            continue
        if isinstance(got, _End):
            if got.error is not None:
                raise got.error
            return
        silence = 0.0
        yield got.content


def _read(
    open_stream: Callable[[], Generator[T]], received: Queue[_Item[T] | _End], is_left_alone: threading.Event
) -> None:
    try:
        with closing(open_stream()) as stream:
            for item in stream:
                if not _put(received, _Item(item), is_left_alone):
                    return
    except Exception as error:  # noqa: BLE001 - it is raised where one listens
        _put(received, _End(error), is_left_alone)
    else:
        _put(received, _End(None), is_left_alone)


def _put(received: Queue[_Item[T] | _End], item: _Item[T] | _End, is_left_alone: threading.Event) -> bool:
    """Wait until there is room. Return False when nobody listens any more."""
    while not is_left_alone.is_set():
        try:
            received.put(item, timeout=_GLANCE)
        except Full:
            continue
        return True
    return False
