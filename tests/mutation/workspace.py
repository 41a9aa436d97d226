"""A copy of the tree, in which mutants are tried one after another."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from tests.mutation.mutants import Mutant

_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "node_modules", "dist")

_SAME_DRAWS = ("--hypothesis-seed=0", "--hypothesis-profile=default")
_PYTEST = ("-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *_SAME_DRAWS)


class Fate(Enum):
    """What became of a mutant. A time-out is a failed test."""

    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"


class Tried(NamedTuple):
    """A run of the tests. output: of pytest."""

    fate: Fate
    seconds: float
    output: str


class Workspace:
    """One copy of a tree. For one thread."""

    def __init__(self, root: Path, directory: Path) -> None:
        self._tree = directory / "tree"
        shutil.copytree(root, self._tree, ignore=_LEFT_OUT, symlinks=True)
        self._changes = 0

    def run(self, tests: Sequence[str], seconds: float) -> Tried:
        """Run tests until the first fails. Blocks, for this time at most."""
        begun = time.monotonic()
        with self._pytest(tests) as pytest:
            try:
                output, _ = pytest.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                return Tried(Fate.TIMED_OUT, time.monotonic() - begun, "")
        fate = Fate.KILLED if pytest.returncode else Fate.SURVIVED
        return Tried(fate, time.monotonic() - begun, output)

    def try_out(self, mutant: Mutant, tests: Sequence[str], seconds: float) -> Tried:
        """Run tests with the mutant in place of its file."""
        try:
            self._write(mutant.key.path, mutant.mutated)
            return self.run(tests, seconds)
        finally:
            self._write(mutant.key.path, mutant.original)

    def _write(self, path: str, text: str) -> None:
        """Write a file. Its time differs from all earlier ones, so that no compiled module of another text is used."""
        self._changes += 1
        (self._tree / path).write_text(text)
        os.utime(self._tree / path, (self._changes, self._changes))

    @contextmanager
    def _pytest(self, tests: Sequence[str]) -> Generator["subprocess.Popen[str]"]:
        """A run in a session of its own, which ends with it, servers included."""
        process = subprocess.Popen(
            [sys.executable, *_PYTEST, *tests],
            cwd=self._tree,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
