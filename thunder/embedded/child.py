"""Child processes with a log file, which do not outlive this process, and free ports for them."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from common.errors import ThunderError

LOOPBACK = "127.0.0.1"

LEASH = Path(__file__).with_name("leash.py")


class ChildDied(ThunderError):
    """A child process has ended unexpectedly."""


class Child:
    """A running command: stdout and stderr go to its log, Ctrl-C of the terminal does not reach it."""

    def __init__(
        self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        """Starts command, whose first word is a full path.

        environment is the complete environment; None inherits that of this process.
        """
        self.name = name
        self._command = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *command]
        self._log = log
        self._environment = environment
        self.start()

    def start(self) -> None:
        """Starts the command, again after kill(). Call from a thread that lives as long as the child."""
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )
        self._is_killed = False

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def check(self) -> None:
        """Raises ChildDied, with the end of the log, unless the child runs, or was killed by kill()."""
        code = self._process.poll()
        if code is not None and not self._is_killed:
            raise ChildDied(f"{self.name} ended with exit code {code}. Its last lines:\n{self.last_lines()}")

    def last_lines(self, count: int = 15) -> str:
        """The end of the log."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-count:])

    def kill(self) -> None:
        """Ends the child at once (SIGKILL), until start()."""
        self._is_killed = True
        self._process.kill()
        self._process.wait()

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


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback interface now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
