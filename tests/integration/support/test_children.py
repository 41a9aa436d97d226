"""Children of the tests: seen, and never left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes.child import Child
from tests.support.processes.descendants import Descendant, descendants, is_running
from tests.support.wait import eventually

SAY_AND_WAIT = [sys.executable, "-c", "import time; print('started', flush=True); time.sleep(600)"]


def test_the_output_can_be_waited_for(tmp_path: Path) -> None:
    child = Child(SAY_AND_WAIT, tmp_path / "log")
    assert child.wait_for_output(r"^start(\w+)")[1] == "ed"
    assert child.exit_code is None
    assert child.terminate() == -signal.SIGTERM


def test_child_that_ends_early_fails_with_its_output(tmp_path: Path) -> None:
    child = Child([sys.executable, "-c", "raise SystemExit('no brokers')"], tmp_path / "log")
    with pytest.raises(AssertionError, match=r"(?s)ended without 'ready'.*no brokers"):
        child.wait_for_output("ready")


def test_a_child_that_does_not_stop_is_named(tmp_path: Path) -> None:
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    child = Child([sys.executable, "-c", stubborn], tmp_path / "log")
    child.wait_for_output("deaf")
    with pytest.raises(AssertionError, match=r"(?s)still runs after 0\.1 s.*deaf"):
        child.terminate(timeout=0.1)
    child.kill()
    assert not is_running(child.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="parent death signals are a Linux thing")
def test_a_child_dies_with_a_killed_parent(tmp_path: Path) -> None:
    start = "import sys, time; from pathlib import Path; from tests.support.processes.child import Child\n"
    start += f"print(Child({SAY_AND_WAIT!r}, Path(sys.argv[1])).pid, flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", start, tmp_path / "log"], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.kill()
    eventually(lambda: not is_running(pid), "the child is dead")


@pytest.mark.skipif(sys.platform != "linux", reason="orphans are adopted on Linux only")
def test_an_orphan_is_found() -> None:
    command = "sleep 600 > /dev/null 2>&1 & echo $!"
    pid = int(subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True).stdout)
    assert Descendant(pid, "sleep 600") in descendants()
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not is_running(pid), "the orphan is dead")
