"""Child processes with a log file, which do not outlive this process, and free ports for them."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from common.errors import ThunderError

LOOPBACK = "127.0.0.1"

_LEASH = Path(__file__).with_name("leash.py")


class ChildDied(ThunderError):
    """A child process has ended unexpectedly."""


class Child:
    """A running command: stdout and stderr go to its log, Ctrl-C of the terminal does not reach it."""

    def __init__(
        self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        """Starts command, whose first word is a full path. Call from a thread that lives as long as the child.

        environment is the complete environment; None inherits that of this process.
        """
        self.name = name
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_LEASH), str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )

    def check(self) -> None:
        """Raises ChildDied, with the end of the log, unless the child runs."""
        code = self._process.poll()
        if code is not None:
            raise ChildDied(f"{self.name} ended with exit code {code}. Its last lines:\n{self.last_lines()}")

    def last_lines(self, count: int = 15) -> str:
        """The end of the log."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-count:])

    def terminate(self) -> None:
        """Asks the child to stop (SIGTERM); does not wait."""
        self._process.terminate()

    def wait(self, seconds: float) -> None:
        """Waits until the child has ended, and kills it when it takes longer than seconds."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def stop_together(children: Iterable[Child], seconds: float = 5.0) -> None:
    """Stops the children together; one that runs longer than seconds is killed."""
    stopping = list(children)
    for child in stopping:
        child.terminate()
    for child in stopping:
        child.wait(seconds)


def free_port() -> int:
    """A TCP port of the loopback interface that is free now; the system returns another one each time."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
