"""Reads a blocking stream in a thread of its own, so that its consumer can stop at any time."""

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from queue import Empty, Full, Queue
from typing import Generic, NamedTuple, TypeVar

from common.lifecycle import Stop

T = TypeVar("T")

_READ_AHEAD = 1000  # items
_POLL_SECONDS = 0.1


class Silence(Exception):
    """No item was read for too long."""


class _Item(NamedTuple, Generic[T]):
    content: T


class _End(NamedTuple):
    """The thread ends. error: what reading failed with, if it did."""

    error: Exception | None


def read_in_thread(
    open_stream: Callable[[Stop], Generator[T]], longest_silence: float, should_stop: Callable[[], bool]
) -> Generator[T]:
    """Yield the items of a stream until it ends, or until should_stop, which is noticed within 0.1 s.

    The stream is opened, read and closed by a daemon thread that runs a bounded number of items ahead. The Stop that it
    is opened with is set when the consumer has stopped: a stream that may block for long ends its read then. The thread
    is not joined.
    Raises what the stream raises, and Silence after longest_silence seconds without an item.
    """
    received: Queue[_Item[T] | _End] = Queue(_READ_AHEAD)
    abandoned = Stop()
    threading.Thread(
        target=_read, args=(open_stream, received, abandoned), name="source connection", daemon=True
    ).start()
    try:
        yield from _take(received, longest_silence, should_stop)
    finally:
        abandoned.set()


def _take(received: Queue[_Item[T] | _End], longest_silence: float, should_stop: Callable[[], bool]) -> Iterator[T]:
    silence = 0.0
    while not should_stop():
        try:
            got = received.get(timeout=_POLL_SECONDS)
        except Empty:
            silence += _POLL_SECONDS
            if silence > longest_silence:
                raise Silence from None
            continue
        if isinstance(got, _End):
            if got.error is not None:
                raise got.error
            return
        silence = 0.0
        yield got.content


def _read(open_stream: Callable[[Stop], Generator[T]], received: Queue[_Item[T] | _End], abandoned: Stop) -> None:
    try:
        with closing(open_stream(abandoned)) as stream:
            for item in stream:
                if not _put(received, _Item(item), abandoned):
                    return
    except Exception as error:  # noqa: BLE001 - it is raised in the consumer
        _put(received, _End(error), abandoned)
    else:
        _put(received, _End(None), abandoned)


def _put(received: Queue[_Item[T] | _End], item: _Item[T] | _End, abandoned: Stop) -> bool:
    """Wait until there is room; False when the consumer has stopped."""
    while not abandoned.is_set():
        try:
            received.put(item, timeout=_POLL_SECONDS)
        except Full:
            continue
        return True
    return False
