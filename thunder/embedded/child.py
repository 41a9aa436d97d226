"""A child process with a log file, which does not outlive this process."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from common.errors import ThunderError

_LEASH = Path(__file__).with_name("leash.py")


class ChildDied(ThunderError):
    """A process that the demo needs has ended."""


class Child:
    """A running command: stdout and stderr go to its log, Ctrl-C of the terminal does not reach it."""

    def __init__(
        self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start command, whose first word is a full path. Call from a thread that lives as long as the child.

        environment is the whole of it; None hands on that of this process.
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
        """Raise ChildDied, with the end of the log, unless the child runs."""
        code = self._process.poll()
        if code is not None:
            raise ChildDied(f"{self.name} ended with exit code {code}. Its last lines:\n{self.last_lines()}")

    def last_lines(self, count: int = 15) -> str:
        """The end of the log."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-count:])

    def terminate(self) -> None:
        """Ask the child to stop (SIGTERM); does not wait."""
        self._process.terminate()

    def wait(self, seconds: float) -> None:
        """Wait until the child has ended, and kill it when it takes longer than seconds."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def stop_together(children: Iterable[Child], seconds: float = 5.0) -> None:
    """Stop the children, all at once; each is killed that has not ended after seconds."""
    stopping = list(children)
    for child in stopping:
        child.terminate()
    for child in stopping:
        child.wait(seconds)
