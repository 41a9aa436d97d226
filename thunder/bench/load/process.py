"""A process of its own for load, so that it shares no interpreter with what is measured."""

import os
import subprocess
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from thunder.embedded.child import LEASH


class LoadProcess:
    """A running program whose output is read. A context manager: leaving it ends the program."""

    def __init__(self, words: Sequence[str], stdin: int = subprocess.DEVNULL) -> None:
        """Starts the command. stdin: as subprocess.Popen takes it."""
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *words],
            stdin=stdin,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()
