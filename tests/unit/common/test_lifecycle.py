import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import threading

import pytest

from common.lifecycle import Stop, ThreadGroup, run_periodically

PROGRAM = """
import sys
from common.lifecycle import Stop, stop_on_signals
stop = Stop()
stop_on_signals(stop)
print("started", flush=True)
stop.wait()
print("stopping", flush=True)
sys.stdin.read()
"""


def ignore(_: object) -> None:
    pass


class NoException:
    """Not derived from BaseException, though as large: Python reads and writes its fields all the same."""

    __slots__ = ("args", "cause", "context", "dict", "notes", "suppress_context", "traceback")


def test_listeners_are_called_once() -> None:
    stop, calls = Stop(), list[str]()
    stop.call_when_set(lambda: calls.append("before"))
    stop.set()
    stop.set()
    stop.call_when_set(lambda: calls.append("after"))
    assert calls == ["before", "after"]


def test_an_event_loop_is_woken() -> None:
    stop = Stop()

    async def serve() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.call_when_set(lambda: loop.call_soon_threadsafe(stopping.set))
        threading.Thread(target=stop.set).start()
        await stopping.wait()

    asyncio.run(serve())


def test_a_background_thread_ends_quietly_when_stopped() -> None:
    stop = Stop()
    background = ThreadGroup(stop)
    background.start("waiter", lambda: run_periodically(3600, stop, lambda: None))
    stop.set()
    background.join(10)


def test_failed_thread_stops_the_process_with_its_error() -> None:
    stop = Stop()
    background = ThreadGroup(stop)

    def fail() -> None:
        raise ValueError("broken")

    background.start("waiter", lambda: run_periodically(3600, stop, lambda: None))
    background.start("failing", fail)
    assert stop.wait(10)
    with pytest.raises(ValueError, match="broken"):
        background.join(10)


def test_what_no_except_clause_sees_stops_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """As librdkafka's client raised what a callback of a rebalance had raised: its KafkaError is no exception."""
    monkeypatch.setattr(threading, "excepthook", ignore)  # the usual one reads what is not there
    stop = Stop()
    background = ThreadGroup(stop)
    raised = NoException()

    def fail() -> None:
        for reference in (NoException, raised):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(reference))
        restore = ctypes.pythonapi.PyErr_Restore
        restore.argtypes = [ctypes.py_object, ctypes.py_object, ctypes.c_void_p]
        restore(NoException, raised, None)

    background.start("failing", fail)
    assert stop.wait(10)
    with pytest.raises(RuntimeError, match="failing died of an error that Python cannot catch"):
        background.join(10)


def test_a_second_death_is_logged_with_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    stop = Stop()
    background = ThreadGroup(stop)
    background.start("brief", lambda: None)

    def fail_later() -> None:
        stop.wait()
        raise ValueError("broken")

    background.start("later", fail_later)
    with pytest.raises(RuntimeError):
        background.join(10)
    assert [record.getMessage() for record in caplog.records] == [
        "Stopping because brief died",
        "later died too: broken",
    ]


def test_a_background_thread_that_returns_too_early_has_failed() -> None:
    stop = Stop()
    background = ThreadGroup(stop)
    background.start("brief", lambda: None)
    assert stop.wait(10)
    with pytest.raises(RuntimeError, match="brief ended before it was asked to stop"):
        background.join(10)


def test_late_threads_are_named(caplog: pytest.LogCaptureFixture) -> None:
    stop, release = Stop(), threading.Event()
    background = ThreadGroup(stop)
    background.start("stubborn", release.wait)
    stop.set()
    background.join(0.01)
    assert "Not ended within 0.01 s: stubborn" in caplog.text
    release.set()
    background.join(10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_asks_and_the_second_forces(number: signal.Signals) -> None:
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        os.kill(process.pid, number)
        assert process.stdout.readline() == "stopping\n"
        os.kill(process.pid, number)
        assert process.wait(10) == 128 + number
