"""Child processes that cannot outlive the test run."""

import atexit
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.wait import eventually
from thunder.embedded import leash


class Child:
    """A running command: in a process group of its own, stdout and stderr in one file, killed when the test run dies.

    Start it from a thread that lives as long as the child: Linux ties the two together.
    """

    def __init__(self, command: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None) -> None:
        """Start command, whose first word is a full path, in the environment env (None: the one of the tests)."""
        self.name = " ".join(str(word) for word in command)
        self._log = log
        launcher = [sys.executable, "-I", "-S", leash.__file__, str(os.getpid())]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [*launcher, *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                process_group=0,
            )
        atexit.register(self.kill)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, minus the signal's number for a killed child, None while it runs."""
        return self._process.poll()

    def output(self) -> str:
        """Everything written so far to stdout and stderr."""
        return self._log.read_text(errors="replace")

    def wait_for_output(self, pattern: str, timeout: float = 30.0) -> re.Match[str]:
        """Return the first match of a multi-line regular expression in the output; fail when the child ends without."""

        def match() -> re.Match[str] | None:
            ended = self.exit_code is not None  # asked before reading, so that the last words of an ended child count
            found = re.search(pattern, self.output(), re.MULTILINE)
            if ended and found is None:
                raise AssertionError(f"{self} ended without {pattern!r}:\n{self.last_lines()}")
            return found

        return eventually(match, f"{pattern!r} in the output of {self.name}", timeout)

    def last_lines(self, count: int = 40) -> str:
        """Return the end of the output, for messages of failures."""
        return "\n".join(self.output().splitlines()[-count:])

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the child alone, not to its group."""
        self._process.send_signal(number)

    def wait(self, timeout: float = 30.0) -> int:
        """Return the exit code; fail with the last output when the child still runs after timeout seconds."""
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self} still runs after {timeout:g} s:\n{self.last_lines()}") from None
        atexit.unregister(self.kill)
        return code

    def terminate(self, timeout: float = 30.0) -> int:
        """Ask the child to stop (SIGTERM) and return its exit code."""
        self.send(signal.SIGTERM)
        return self.wait(timeout)

    def kill(self) -> None:
        """Kill the child and its group at once (SIGKILL); nothing happens when it has ended already."""
        if self.exit_code is None:
            os.killpg(self.pid, signal.SIGKILL)
            self.wait()

    def __str__(self) -> str:
        state = "running" if self.exit_code is None else f"exit code {self.exit_code}"
        return f"{self.name[:200]} ({state})"
