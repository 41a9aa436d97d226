"""Ends a process: on a signal, or because one of its threads died. All roles stop the same way."""

import logging
import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

log = logging.getLogger("thunder")


class Stop(threading.Event):
    """Event that asks all parts of the process to end. It locks: a signal handler must not set it."""

    def __init__(self) -> None:
        super().__init__()
        self._listening = threading.Lock()
        self._listeners: list[Callable[[], object]] = []

    def set(self) -> None:
        """Ask all parts to end; a second call is a no-op."""
        with self._listening:
            super().set()
            listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener()

    def call_when_set(self, listener: Callable[[], object]) -> None:
        """Call the listener once, in the thread that sets this, or now if it is set. It must not block.

        An event loop passes a call of its call_soon_threadsafe.
        """
        with self._listening:
            if not self.is_set():
                self._listeners.append(listener)
                return
        listener()


def stop_on_signals(stop: Stop) -> None:
    """Stop on SIGTERM and SIGINT; end the process at once on a second one. Call from the main thread."""
    # A handler interrupts the main thread at any point: it may not take locks, and this queue has none.
    received: queue.SimpleQueue[int] = queue.SimpleQueue()

    def enqueue(number: int, _frame: FrameType | None) -> None:
        received.put(number)

    def stop_process() -> None:
        log.info("Stopping after %s", signal.Signals(received.get()).name)
        stop.set()
        number = received.get()
        log.warning("Ending at once after a second signal, %s", signal.Signals(number).name)
        os._exit(128 + number)

    threading.Thread(target=stop_process, name="signals", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, enqueue)


class ThreadGroup:
    """Threads that the process depends on: when one dies, the others are asked to stop."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._threads: list[threading.Thread] = []
        self.failure: BaseException | None = None

    def start(self, name: str, work: Callable[[], object]) -> None:
        """Run work in a thread. It must not return before the stop is set."""
        thread = threading.Thread(target=self._guard, args=(name, work), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def join(self, seconds: float) -> None:
        """Wait for all threads, together at most this long, and log the late ones. Raise the first failure."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        late = [thread.name for thread in self._threads if thread.is_alive()]
        if late:
            log.error("Not ended within %g s: %s", seconds, ", ".join(late))
        if self.failure is not None:
            raise self.failure

    def _guard(self, name: str, work: Callable[[], object]) -> None:
        """Run work. What an extension module raises need not be an exception of Python: no except clause sees it."""
        noticed = False
        try:
            work()
            noticed = True
            if not self._stop.is_set():
                raise RuntimeError(f"{name} ended before it was asked to stop")
        except BaseException as error:  # noqa: BLE001 - any error: the process must not continue without this thread
            noticed = True
            self._died(name, error)
        finally:
            if not noticed:
                self._died(name, RuntimeError(f"{name} died of an error that Python cannot catch"))

    def _died(self, name: str, error: BaseException) -> None:
        if self.failure is None:
            self.failure = error
            log.error("Stopping because %s died", name)
        else:
            log.error("%s died too: %s", name, error)
        self._stop.set()


def run_periodically(seconds: float, stop: Stop, tick: Callable[[], object]) -> None:
    """Call tick now and then at this interval, until the stop is set. For a background thread."""
    while True:
        tick()
        if stop.wait(seconds):
            return
